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
    let (images, work) = try options.directories()
    let arguments = try arguments(record, images, work)
    try saveStreams(record, images)
    let output = try during("run criu") { () throws(SystemError) in
      try Program(criu.path, arguments).run()
    }
    guard output.end == .exited(0) else {
      throw .unusable(
        field: "criu", "\(CriuProgram.complaint(work, "dump.log")) (see \(work)/dump.log)")
    }
  }

  private func arguments(_ record: StateRecord, _ images: String, _ work: String)
    throws(RuntimeError) -> [String]
  {
    let spec = try context.loadSpec(record)
    var words = [options.preDump ? "pre-dump" : "dump", "--tree", "\(record.pid)"]
    words += options.arguments(images, work, log: "dump.log")
    if let parent = options.parent { words += ["--prev-images-dir", parent, "--track-mem"] }
    if options.preDump { words.append("--track-mem") }
    if options.leavesRunning || options.preDump { words.append("--leave-running") }
    if let cgroup = record.cgroup?.unified { words += ["--freeze-cgroup", cgroup] }
    words += ["--link-remap", "--orphan-pts-master"]
    words += try ExternalMounts(spec, bundle: record.bundle).dumpArguments
    for namespace in spec.linux?.namespaces ?? [] where namespace.path != nil {
      guard let kind = Namespace(rawValue: namespace.type.rawValue),
        let identity = kind.identity(of: "\(record.pid)")
      else { continue }
      let number = identity.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
      words += ["--external", "\(kind.fileName)[\(number)]:\(RestoreContainer.key(kind))"]
    }
    return words
  }

  /// Pipes of the caller's are external: restore puts its own in their place.
  private func saveStreams(_ record: StateRecord, _ images: String) throws(RuntimeError) {
    try during("save the standard streams") { () throws(SystemError) in
      var links: [String] = []
      for fd in 0...2 { links.append(try FileTree.readLink("/proc/\(record.pid)/fd/\(fd)")) }
      try FileTree.write(
        "\(images)/\(Self.streamsFile)", String(decoding: links.json.encoded(), as: UTF8.self))
    }
  }
}
