import Cgroups
import LinuxSystem
import Model
import OCISpec

/// `restore`: makes a container again of the files that `checkpoint` wrote.
public struct RestoreContainer {
  public var create: CreateContainer
  public var options: CheckpointOptions
  public var detach = false

  public init(_ create: CreateContainer, _ options: CheckpointOptions) {
    self.create = create
    self.options = options
  }

  static func key(_ kind: Namespace) -> String { "martlet-\(kind.rawValue)" }

  /// The exit status: the process's own, or 0 when detached.
  public func run() throws(RuntimeError) -> Int32 {
    let context = create.context
    let criu = try CriuProgram.find(context, for: "restore")
    let id = try ContainerID(create.id)
    let bundle = try during("find the bundle \(create.bundle)") { () throws(SystemError) in
      try FileTree.resolve(create.bundle)
    }
    let spec = try context.loadSpec(bundle, file: create.config)
    guard spec.process?.terminal != true else {
      throw .unusable(
        field: "process.terminal", "restoring a container with a terminal is not supported")
    }
    let states = context.states
    try states.claim(id)
    var record = try create.record(id, bundle, spec)
    let child = try restoreAndSave(&record, spec, criu)
    if detach { return 0 }
    let end = try ForegroundProcess(terminal: -1).wait(for: child)
    var delete = DeleteContainer(record.id, context: context)
    delete.force = true
    try delete.clean(record, id)
    return end.shellStatus
  }

  private func restoreAndSave(
    _ record: inout StateRecord, _ spec: RuntimeSpec, _ criu: CriuProgram
  ) throws(RuntimeError) -> ChildProcess {
    let id = try ContainerID(create.id)
    let states = create.context.states
    do throws(RuntimeError) {
      let child = try restore(&record, spec, criu, states.directory(of: id))
      try states.save(record, id)
      try create.writePIDFile(record.pid)
      return child
    } catch {
      try? record.cgroup?.remove()
      try? states.remove(id)
      throw error
    }
  }

  private func restore(
    _ record: inout StateRecord, _ spec: RuntimeSpec, _ criu: CriuProgram, _ directory: String
  ) throws(RuntimeError) -> ChildProcess {
    guard try create.makeCgroup(&record, spec) == nil else {
      throw .unusable(field: "--systemd-cgroup", "restoring into a scope is not supported")
    }
    let (images, work) = try options.directories()
    let pidFile = "\(directory)/restored"
    var words = ["restore", "--root", record.rootfs, "--pidfile", pidFile]
    words += options.arguments(images, work, log: "restore.log")
    words += ["--restore-detached", "--restore-sibling", "--link-remap"]
    if let cgroup = record.cgroup?.unified {
      words += ["--cgroup-root", String(cgroup.dropFirst(HostCgroups.mountPoint.count))]
    }
    words += try ExternalMounts(spec, bundle: record.bundle).restoreArguments
    var descriptors: [(child: Int32, ours: Int32)] = []
    words += try inherited(spec, images, &descriptors)
    try runCriu(Program(criu.path, words), descriptors, record.rootfs, work)
    return try during("find the restored process") { () throws(SystemError) in
      let text = try FileTree.readText(pidFile)
      guard let pid = Int32(text.filter { $0.isNumber }), let handle = try ProcessHandle.find(pid)
      else { throw SystemError("find", pidFile, errno: Errno.noProcess) }
      record.pid = pid
      record.startTime = ProcessHandle.startTime(pid) ?? 0
      return ChildProcess(adopting: pid, pidfd: try handle.pidfd.duplicate().release())
    }
  }

  /// Pipes of the standard streams, and namespaces that the configuration joins by path.
  private func inherited(
    _ spec: RuntimeSpec, _ images: String, _ descriptors: inout [(child: Int32, ours: Int32)]
  ) throws(RuntimeError) -> [String] {
    var words: [String] = []
    let file = "\(images)/\(CheckpointContainer.streamsFile)"
    let bytes = try during("read \(file)") { () throws(SystemError) in
      try FileTree.read(file, limit: 1 << 16)
    }
    let links: [String]
    do { links = try [String].decode(JSONValue(parsing: bytes)) } catch {
      throw .badDocument(file: file, error)
    }
    var seen: Set<String> = []
    for (number, link) in links.prefix(3).enumerated()
    where (link.hasPrefix("pipe:") || link.hasPrefix("file[")) && seen.insert(link).inserted {
      words += ["--inherit-fd", "fd[\(number)]:\(link)"]
    }
    var next: Int32 = 10
    for namespace in spec.linux?.namespaces ?? [] {
      guard let path = namespace.path, let kind = Namespace(rawValue: namespace.type.rawValue)
      else { continue }
      let opened = try during("open the \(kind.rawValue) namespace") { () throws(SystemError) in
        try OwnedDescriptor.open(path)
      }.release()
      descriptors.append((next, opened))
      words += ["--inherit-fd", "fd[\(next)]:\(Self.key(kind))"]
      next += 1
    }
    return words
  }

  /// CRIU wants the root to be a mount: it is one in a mount namespace made for it.
  private func runCriu(
    _ program: Program, _ descriptors: [(child: Int32, ours: Int32)], _ rootfs: String,
    _ work: String
  ) throws(RuntimeError) {
    var program = program
    program.descriptors = descriptors
    let end = try during("run criu") { [program] () throws(SystemError) in
      try ChildProcess.spawn(flags: Namespace.mount.cloneFlag) {
        do throws(SystemError) {
          try MountCall.setPropagation("/", .slave, recursive: true)
          try MountCall.bind(rootfs, at: rootfs, recursive: true)
          try program.become()
        } catch { return 127 }
      }.wait()
    }
    guard end == .exited(0) else {
      throw .unusable(
        field: "criu", "\(CriuProgram.complaint(work, "restore.log")) (see \(work)/restore.log)")
    }
  }
}
