import CommandLineKit
import Engine
import LinuxSystem
import Model

enum InfoCommand {
  struct Options: Sendable {
    var format: String?
    var debug = false
  }

  static let command = MartletCommand(
    "info", summary: "Show how containers are run on this machine", usage: "[options]",
    examples: ["martlet info --format '{{.Store.GraphRoot}}'"],
    positionals: .none, defaults: Options(),
    options: [
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
      .flag("debug", "D", \.debug, "Accepted for docker's sake", hidden: true),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let tree = InfoTree(try SystemInfo.read(context), context).tree
    switch options.format {
    case nil: try Output.write(tree.yaml())
    case "json": try Output.line(tree.json.json(pretty: true))
    case let format?: try Output.write(try OutputFormat(format).render([tree.template]))
    }
    return 0
  }
}

/// `info` in podman's structure.
struct InfoTree {
  private let info: SystemInfo
  private let context: EngineContext

  init(_ info: SystemInfo, _ context: EngineContext) {
    self.info = info
    self.context = context
  }

  var tree: NamedTree {
    .group([
      ("Host", "host", host), ("Store", "store", store),
      ("Registries", "registries", .group([])), ("Plugins", "plugins", plugins),
      ("Version", "version", version),
    ])
  }

  private var host: NamedTree {
    let facts = info.host
    return .group(
      [
        ("Arch", "arch", .text(Platform.host.architecture)),
        ("CgroupManager", "cgroupManager", .text("cgroupfs")),
        ("CgroupsVersion", "cgroupVersion", .text(facts.cgroupVersion)),
        (
          "CgroupControllers", "cgroupControllers",
          .list(facts.cgroupControllers.map(NamedTree.text))
        ), ("Conmon", "conmon", tool(info.monitor)), ("CPUs", "cpus", .number(facts.processors)),
        ("Distribution", "distribution", distribution),
        ("DatabaseBackend", "databaseBackend", .text("files")),
        ("EventLogger", "eventLogger", .text(context.usedEventsBackend.rawValue)),
        ("Hostname", "hostname", .text(facts.hostname)),
        ("IDMappings", "idMappings", mappings), ("Kernel", "kernel", .text(facts.kernel)),
        ("LogDriver", "logDriver", .text("k8s-file")),
        ("MemFree", "memFree", .number(facts.memoryFree)),
        ("MemTotal", "memTotal", .number(facts.memoryTotal)),
        ("NetworkBackend", "networkBackend", .text("martlet")),
        ("OCIRuntime", "ociRuntime", tool(info.runtime, named: true)),
        ("OS", "os", .text(Platform.host.os)),
      ] + helpers + [
        ("RemoteSocket", "remoteSocket", socket),
        ("RootlessNetworkCmd", "rootlessNetworkCmd", .text(networkCommand)),
        ("ServiceIsRemote", "serviceIsRemote", .flag(false)), ("Security", "security", security),
        ("SwapFree", "swapFree", .number(facts.swapFree)),
        ("SwapTotal", "swapTotal", .number(facts.swapTotal)),
        ("Uptime", "uptime", .text(uptime)),
        ("Variant", "variant", .text(Platform.host.variant ?? "")),
      ])
  }

  private var helpers: [(template: String, json: String, value: NamedTree)] {
    let missing = NamedTree.group([
      ("Executable", "executable", .text("")), ("Package", "package", .text("")),
      ("Version", "version", .text("")),
    ])
    func executable(_ tool: SystemInfo.Tool?) -> NamedTree {
      guard let tool else { return missing }
      return .group([
        ("Executable", "executable", .text(tool.path)), ("Package", "package", .text("")),
        ("Version", "version", .text(tool.version)),
      ])
    }
    return [
      ("Pasta", "pasta", executable(info.pasta)),
      ("Slirp4NetNS", "slirp4netns", executable(info.slirp)),
    ]
  }

  /// The default network's program.
  private var networkCommand: String {
    info.pasta != nil ? "pasta" : info.slirp != nil ? "slirp4netns" : ""
  }

  private var distribution: NamedTree {
    let found = info.host.distribution
    return .group([
      ("Distribution", "distribution", .text(found.name)),
      ("Version", "version", .text(found.version)),
      ("Codename", "codename", .text(found.codename)),
    ])
  }

  private var mappings: NamedTree {
    func ranges(_ ranges: [SystemInfo.MappedRange]) -> NamedTree {
      .list(
        ranges.map {
          .group([
            ("ContainerID", "container_id", .number($0.inside)),
            ("HostID", "host_id", .number($0.outside)), ("Size", "size", .number($0.count)),
          ])
        })
    }
    return .group([
      ("GIDMap", "gidmap", ranges(info.groups)), ("UIDMap", "uidmap", ranges(info.users)),
    ])
  }

  private func tool(_ tool: SystemInfo.Tool, named: Bool = false) -> NamedTree {
    .group(
      (named ? [("Name", "name", .text(tool.name))] : []) + [
        ("Package", "package", .text("")), ("Path", "path", .text(tool.path)),
        ("Version", "version", .text(tool.version)),
      ])
  }

  private var socket: NamedTree {
    .group([
      ("Path", "path", .text("\(context.runtimeRoot)/martlet.sock")),
      ("Exists", "exists", .flag(false)),
    ])
  }

  private var security: NamedTree {
    .group([
      ("AppArmorEnabled", "apparmorEnabled", .flag(info.host.hasAppArmor && !info.isRootless)),
      ("DefaultCapabilities", "capabilities", .text(info.capabilities.joined(separator: ","))),
      ("Rootless", "rootless", .flag(info.isRootless)),
      ("SECCOMPEnabled", "seccompEnabled", .flag(true)),
      ("SECCOMPProfilePath", "seccompProfilePath", .text("")),
      ("SELinuxEnabled", "selinuxEnabled", .flag(false)),
    ])
  }

  private var uptime: String {
    let seconds = info.host.uptime
    return "\(seconds / 3600)h \(seconds / 60 % 60)m \(seconds % 60).00s"
      + (seconds >= 86_400 ? " (Approximately \(seconds / 86_400) days)" : "")
  }

  /// The stores of storage.conf that are only read, and whether images can be had there.
  private var additionalStores: NamedTree {
    let stores = (try? context.additionalStores()) ?? []
    if stores.isEmpty { return .leaf(.map([])) }
    let shown: [NamedTree] = stores.map { store in
      .group([("Path", "path", .text(store.path)), ("State", "state", .text(store.state.rawValue))])
    }
    return .group([("AdditionalImageStores", "additionalImageStores", .list(shown))])
  }

  private var store: NamedTree {
    let counts = info.containers
    let driver = info.storageDriver ?? "none"
    return .group([
      ("ConfigFile", "configFile", .text("")),
      (
        "ContainerStore", "containerStore",
        .group([
          ("Number", "number", .number(counts.total)), ("Paused", "paused", .number(counts.paused)),
          ("Running", "running", .number(counts.running)),
          ("Stopped", "stopped", .number(counts.stopped)),
        ])
      ), ("GraphDriverName", "graphDriverName", .text(driver)),
      ("GraphOptions", "graphOptions", additionalStores),
      ("GraphRoot", "graphRoot", .text(context.dataRoot)),
      ("GraphRootFree", "graphRootFree", .number(info.free)),
      (
        "GraphStatus", "graphStatus",
        .group([
          // Whether the kernel stacks the layers itself, or a program does.
          ("NativeOverlay", "nativeOverlay", .flag(info.storageDriver == "overlay"))
        ])
      ),
      (
        "ImageStore", "imageStore",
        .group([("Number", "number", .number(info.images))])
      ), ("RunRoot", "runRoot", .text(context.runtimeRoot)),
      ("TransientStore", "transientStore", .flag(false)),
      ("VolumePath", "volumePath", .text(context.volumes)),
    ])
  }

  private var plugins: NamedTree {
    func names(_ names: [String]) -> NamedTree { .list(names.map(NamedTree.text)) }
    return .group([
      ("Volume", "volume", names(["local"])),
      ("Network", "network", names(["none", "host", "pasta", "slirp4netns"])),
      (
        "Log", "log",
        names(["k8s-file", "json-file", "journald", "none", "passthrough", "passthrough-tty"])
      ),
      ("Authorization", "authorization", .leaf(.null)),
    ])
  }

  private var version: NamedTree {
    .group([
      ("APIVersion", "APIVersion", .text(MartletVersion.apiVersion)),
      ("Version", "Version", .text(CalledName.current.version)),
      ("GoVersion", "GoVersion", .text("")),
      ("GitCommit", "GitCommit", .text("")), ("BuiltTime", "BuiltTime", .text("")),
      ("Built", "Built", .number(0)), ("OsArch", "OsArch", .text(VersionCommand.osArch)),
      ("Os", "Os", .text(Platform.host.os)),
    ])
  }
}
