// swift-tools-version: 6.2
import PackageDescription

// One table of targets: name, what it may import, where it sits. Tests/ArchitectureTests holds
// the same arrows and fails when an import goes round them.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
]

// Metadata of generic types that the compiler can lay out need not be made again by every process:
// a fifth of the CPU time of `run` (contrib/design/0001-static-programs.md). Not in the monitor,
// where it would cost three pages of memory for each running container.
let quick: [SwiftSetting] =
  strict + [
    .unsafeFlags(
      ["-Xfrontend", "-prespecialize-generic-metadata"], .when(configuration: .release))
  ]
let partsOfMonitor = ["Model", "LinuxSystem", "Events", "Monitor"]

// Programs of the hot path are fully static in release: 0.5 ms to start instead of 1.5
// (contrib/design/0001-static-programs.md). Only contrib/install builds release, with
// --static-swift-stdlib; debug builds stay dynamic because the static link needs both.
let fullyStatic: [LinkerSetting] = [
  .unsafeFlags(["-static-executable"], .when(configuration: .release))
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies,
    swiftSettings: partsOfMonitor.contains(name) ? strict : quick)
}

func program(
  _ name: String, _ dependencies: [Target.Dependency], linker: [LinkerSetting] = []
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies,
    swiftSettings: name == "martlet-monitor" ? strict : quick,
    linkerSettings: linker)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "martlet",
  products: [
    .executable(name: "martlet", targets: ["martlet"]),
    .executable(name: "martlet-oci", targets: ["martlet-oci"]),
    .executable(name: "martlet-monitor", targets: ["martlet-monitor"]),
    .executable(name: "martlet-image", targets: ["martlet-image"]),
    .executable(name: "martlet-subid", targets: ["martlet-subid"]),
  ],
  targets: [
    // 0: C
    .target(name: "CLinux"),
    .systemLibrary(
      name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSubID", providers: [.apt(["libsubid-dev"])]),

    // 1: values
    library("Model", []),
    library("OCISpec", ["Model"]),
    library("ImageDocuments", ["Model", "OCISpec"]),
    library("CommandLineKit", ["Model"]),
    library("TOML", []),

    // 2: the kernel
    library("LinuxSystem", ["CLinux"]),
    library("Diagnostics", ["LinuxSystem"]),

    // 3: mechanisms
    library("StateStore", ["Model", "LinuxSystem"]),
    library("UserNamespaces", ["Model", "LinuxSystem"]),
    library("SystemdBus", ["Model", "LinuxSystem"]),
    library("Cgroups", ["Model", "OCISpec", "LinuxSystem", "SystemdBus"]),
    library(
      "OCIRuntime",
      [
        "Model", "OCISpec", "CommandLineKit", "LinuxSystem", "Cgroups", "SystemdBus",
        "UserNamespaces", "CSeccomp", "Diagnostics",
      ]),
    library("Events", ["LinuxSystem"]),
    library("Monitor", ["Model", "LinuxSystem", "Events"]),
    library("ImageStore", ["Model", "OCISpec", "StateStore", "LinuxSystem"]),
    library(
      "LayerStorage", ["Model", "OCISpec", "StateStore", "UserNamespaces", "LinuxSystem"]),
    library("Networking", ["Model", "StateStore", "LinuxSystem"]),
    library("RegistryConfig", ["Model", "OCISpec", "TOML", "LinuxSystem"]),
    library("Distribution", ["Model", "OCISpec", "ImageDocuments"]),
    library("CurlTransport", ["Model", "Distribution", "CCurl"]),
    library("LayerArchive", ["Model", "OCISpec", "LinuxSystem", "CArchive", "CCrypto"]),

    // 4: operations
    library(
      "ImageOperations",
      [
        "Model", "OCISpec", "ImageDocuments", "LinuxSystem", "StateStore", "ImageStore",
        "LayerStorage", "Distribution", "CurlTransport", "LayerArchive", "RegistryConfig",
      ]),
    library(
      "Engine",
      [
        "Model", "OCISpec", "ImageDocuments", "LinuxSystem", "StateStore", "UserNamespaces",
        "Cgroups", "LayerStorage", "ImageStore", "Networking", "Diagnostics", "Events",
        "RegistryConfig", "OCIRuntime",
      ]),

    // 5: surfaces
    library(
      "Commands",
      [
        "Model", "CommandLineKit", "LinuxSystem", "Engine", "OCISpec", "ImageStore", "StateStore",
        "Events",
      ]),
    program("martlet", ["Commands"], linker: fullyStatic),
    program(
      "martlet-oci", ["OCIRuntime", "CommandLineKit", "LinuxSystem", "Model"],
      linker: fullyStatic),
    program("martlet-monitor", ["Monitor", "OCIRuntime"], linker: fullyStatic),
    program("martlet-image", ["ImageOperations"]),
    program("martlet-subid", ["CSubID", "LinuxSystem"]),

    // tests
    tests("ArchitectureTests", []),
    tests("ModelTests", ["Model"]),
    tests("OCISpecTests", ["ImageDocuments", "OCISpec", "Model", "LinuxSystem"]),
    tests("CommandLineKitTests", ["CommandLineKit", "Model"]),
    tests("LinuxSystemTests", ["LinuxSystem"]),
    tests("StateStoreTests", ["StateStore", "Model", "LinuxSystem"]),
    tests("UserNamespacesTests", ["UserNamespaces", "Model", "LinuxSystem"]),
    tests("SystemdBusTests", ["SystemdBus", "Model", "LinuxSystem"]),
    tests("CgroupsTests", ["Cgroups", "SystemdBus", "OCISpec", "Model", "LinuxSystem"]),
    tests(
      "OCIRuntimeTests",
      ["OCIRuntime", "OCISpec", "UserNamespaces", "Model", "LinuxSystem", "TestSupport"]),
    tests("EventsTests", ["Events", "LinuxSystem"]),
    tests("MonitorTests", ["Monitor", "Model", "LinuxSystem"]),
    tests("ImageStoreTests", ["ImageStore", "OCISpec", "StateStore", "Model", "LinuxSystem"]),
    tests("LayerStorageTests", ["LayerStorage", "OCISpec", "StateStore", "Model", "LinuxSystem"]),
    tests("NetworkingTests", ["Networking", "Model", "LinuxSystem"]),
    tests("TOMLTests", ["TOML"]),
    tests("RegistryConfigTests", ["RegistryConfig", "Model", "LinuxSystem"]),
    tests(
      "DistributionTests", ["ImageDocuments", "Distribution", "CurlTransport", "OCISpec", "Model"]),
    tests(
      "ImageOperationsTests",
      [
        "ImageDocuments", "ImageStore", "LayerArchive", "OCISpec", "StateStore", "Model",
        "LinuxSystem",
      ]),
    tests("LayerArchiveTests", ["LayerArchive", "OCISpec", "Model", "LinuxSystem"]),
    tests(
      "EngineTests",
      [
        "Engine", "ImageStore", "StateStore", "UserNamespaces", "OCISpec", "Model", "LinuxSystem",
        "LayerStorage", "RegistryConfig",
      ]),
    tests("CommandsTests", ["Commands", "CommandLineKit", "Engine", "Model"]),
    .target(
      name: "TestSupport", dependencies: ["LinuxSystem"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("SystemTests", ["TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)
