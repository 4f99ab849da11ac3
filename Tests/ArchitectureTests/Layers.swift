/// The arrows of the architecture: which module may import which.
///
/// A change here is an architecture
/// decision and comes with a note in contrib/design.
enum Layers {
  static let arrows: [String: Set<String>] = [
    // 0: C
    "CLinux": [], "CSeccomp": [], "CCurl": [], "CArchive": [], "CCrypto": [], "CSubID": [],

    // 1: values, no I/O
    "Model": [],
    "OCISpec": ["Model"],
    "ImageDocuments": ["Model", "OCISpec"],
    "CommandLineKit": ["Model"],
    "TOML": [],

    // 2: the kernel
    "LinuxSystem": ["CLinux"],
    "Diagnostics": ["LinuxSystem"],

    // 3: mechanisms
    "StateStore": ["Model", "LinuxSystem"],
    "UserNamespaces": ["Model", "LinuxSystem"],
    "SystemdBus": ["Model", "LinuxSystem"],
    "Cgroups": ["Model", "OCISpec", "LinuxSystem", "SystemdBus"],
    "OCIRuntime": [
      "Model", "OCISpec", "CommandLineKit", "LinuxSystem", "Cgroups", "SystemdBus",
      "UserNamespaces", "CSeccomp", "Diagnostics",
    ],
    "Events": ["LinuxSystem"],
    "Monitor": ["Model", "LinuxSystem", "Events"],
    "ImageStore": ["Model", "OCISpec", "StateStore", "LinuxSystem"],
    "LayerStorage": ["Model", "OCISpec", "StateStore", "UserNamespaces", "LinuxSystem"],
    "Networking": ["Model", "StateStore", "LinuxSystem"],
    "RegistryConfig": ["Model", "OCISpec", "TOML", "LinuxSystem"],
    "Distribution": ["Model", "OCISpec", "ImageDocuments"],
    "CurlTransport": ["Model", "Distribution", "CCurl"],
    "LayerArchive": ["Model", "OCISpec", "LinuxSystem", "CArchive", "CCrypto"],

    // 4: operations
    "ImageOperations": [
      "Model", "OCISpec", "ImageDocuments", "LinuxSystem", "StateStore", "ImageStore",
      "LayerStorage", "Distribution", "CurlTransport", "LayerArchive", "RegistryConfig",
    ],
    "Engine": [
      "Model", "OCISpec", "ImageDocuments", "LinuxSystem", "StateStore", "UserNamespaces",
      "Cgroups", "LayerStorage", "ImageStore", "Networking", "Diagnostics", "Events",
      "RegistryConfig", "OCIRuntime",
    ],

    // 5: surfaces and programs
    "Commands": [
      "Model", "CommandLineKit", "LinuxSystem", "Engine", "OCISpec", "ImageStore", "StateStore",
      "Events",
    ],
    "martlet": ["Commands"],
    "martlet-oci": ["OCIRuntime", "CommandLineKit", "LinuxSystem", "Model"],
    "martlet-monitor": ["Monitor", "OCIRuntime"],
    "martlet-image": ["ImageOperations"],
    "martlet-subid": ["CSubID", "LinuxSystem"],
  ]

  /// Modules of the toolchain, and who may use them with what reason against the others.
  static let programs: Set<String> = [
    "martlet", "martlet-oci", "martlet-monitor", "martlet-image", "martlet-subid",
  ]
  static let systemCalls = programs.union(["LinuxSystem"])
  /// Where pointers are, because C is: the kernel and the wrappers of C libraries.
  static let pointers: Set<String> = [
    "LinuxSystem", "CurlTransport", "LayerArchive", "martlet-subid",
  ]
  /// A file elsewhere may have pointers when it is the one that talks to such a library.
  static let pointerLibraries: Set<String> = ["CSeccomp"]

  /// The modules on a cycle of arrows, empty when there is none.
  static func cycle(in arrows: [String: Set<String>]) -> Set<String> {
    var left = arrows
    while let leaf = left.first(where: { $0.value.isDisjoint(with: left.keys) }) {
      left[leaf.key] = nil
    }
    return Set(left.keys)
  }
}
