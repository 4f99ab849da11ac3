import Cgroups
import LinuxSystem
import OCISpec

/// `checkpoint`: writes a running container to files by CRIU.
public struct CheckpointContainer {
  public var id: String
  public var options: CheckpointOptions
  public var context: RuntimeContext

  public init(_ id: String, _ options: CheckpointOptions, context: RuntimeContext) {
    self.id = id
    self.options = options
    self.context = context
  }

  /// The file with what the standard streams were, for restore.
  static let streamsFile = "descriptors.json"

  public func run() throws(RuntimeError) {
    let id = try ContainerID(id)
    let record = try context.states.load(id)
    let criu = try CriuProgram.find(context, for: "checkpoint")
    let status = record.status(in: context.states)
    guard status == .running || status == .paused else {
      throw .wrongState(id: id.text, status: status.rawValue, needed: "running")
    }
    guard record.sharedMount == nil else {
      throw .unusable(
        field: "linux.namespaces",
        "a container without a mount namespace of its own cannot be checkpointed")
    }
    let (images, work) = try options.directories()
    let streams = try streams(of: record.pid)
    let arguments = try arguments(record, streams, images, work)
    try during("save the standard streams") { () throws(SystemError) in
      try FileTree.write(
        "\(images)/\(Self.streamsFile)", String(decoding: streams.json.encoded(), as: UTF8.self))
    }
    let output = try during("run criu") { () throws(SystemError) in
      try Program(criu.path, arguments).run()
    }
    guard output.end == .exited(0) else {
      let said = output.errors.split(separator: "\n").suffix(2).joined(separator: "; ")
      throw .unusable(
        field: "criu",
        said.isEmpty
          ? "\(CriuProgram.complaint(work, "dump.log")) (see \(work)/dump.log)" : said)
    }
  }

  private func arguments(
    _ record: StateRecord, _ streams: [String], _ images: String, _ work: String
  ) throws(RuntimeError) -> [String] {
    let spec = try context.loadSpec(record)
    var words = [options.preDump ? "pre-dump" : "dump", "--tree", "\(record.pid)"]
    words += options.arguments(images, work, log: "dump.log")
    if let parent = options.parent { words += ["--prev-images-dir", parent, "--track-mem"] }
    if options.preDump { words.append("--track-mem") }
    if options.leavesRunning || options.preDump { words.append("--leave-running") }
    if let cgroup = record.cgroup?.unified { words += ["--freeze-cgroup", cgroup] }
    words.append("--link-remap")
    words += Set(streams.filter { $0.hasPrefix("file[") }).sorted().flatMap { ["--external", $0] }
    words += try ExternalMounts(spec, bundle: record.bundle).dumpArguments(record.pid)
    for namespace in spec.linux?.namespaces ?? [] where namespace.path != nil {
      guard let kind = Namespace(rawValue: namespace.type.rawValue),
        let identity = kind.identity(of: "\(record.pid)")
      else { continue }
      let number = identity.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
      words += ["--external", "\(kind.fileName)[\(number)]:\(RestoreContainer.key(kind))"]
    }
    return words
  }

  /// What the standard streams are to CRIU: pipes and files of the caller's are external, and
  /// restore puts its own in their place.
  private func streams(of pid: Int32) throws(RuntimeError) -> [String] {
    try during("look at the standard streams") { () throws(SystemError) in
      let inside = Set(try MountEntry.list(of: "\(pid)").map(\.id))
      var names: [String] = []
      for fd in 0...2 {
        let link = try FileTree.readLink("/proc/\(pid)/fd/\(fd)")
        let info = try FileTree.readText("/proc/\(pid)/fdinfo/\(fd)").split(separator: "\n")
        let mount = info.first { $0.hasPrefix("mnt_id:") }?.split(separator: "\t").last
        guard link.hasPrefix("/"), let number = mount.flatMap({ UInt64($0) }),
          !inside.contains(number)
        else {
          names.append(link)
          continue
        }
        let inode = try FileStatus.of("/proc/\(pid)/fd/\(fd)", follow: true).inode
        names.append("file[\(String(number, radix: 16)):\(String(inode, radix: 16))]")
      }
      return names
    }
  }
}
