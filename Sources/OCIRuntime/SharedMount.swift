import LinuxSystem
import Model
import OCISpec

/// The root of a container that has no mount namespace of its own, as a mount among others.
///
/// `delete` takes it away; all that the container mounted at its start is below it.
struct SharedMount: JSONRecord, Equatable {
  /// A mount's ids.
  struct Mark: JSONRecord, Equatable {
    var id: UInt64 = 0
    /// 0 on a kernel that does not tell.
    var unique: UInt64 = 0

    init() {}

    init(_ identity: MountIdentity) {
      id = identity.id
      unique = identity.unique
    }

    mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
      try fields.required("id", &id)
      try fields.required("unique", &unique)
    }
  }

  /// The namespace file's inode.
  var namespace: UInt64 = 0
  /// A file of the namespace, where the specification named one.
  var path: String?
  /// The mount point, seen from the namespace's root.
  var place = ""
  /// From the top down.
  var marks: [Mark] = []

  init() {}

  mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("namespace", &namespace)
    try fields.optional("path", &path)
    try fields.required("place", &place)
    try fields.list("mounts", &marks)
  }

  init(_ home: MountHome, _ mounts: [MountIdentity], at place: String) throws(RuntimeError) {
    namespace = try during("identify the mount namespace") { () throws(SystemError) in
      try FileStatus.of(descriptor: home.descriptor).inode
    }
    path = home.path
    self.place = place
    marks = mounts.map { Mark($0) }
  }

  /// Unmounts exactly these mounts with everything below; one that has gone is fine.
  func detach() throws(RuntimeError) {
    let step = "unmount the root filesystem \(place)"
    // A namespace that nothing keeps took its mounts along.
    guard let found = findNamespace() else { return }
    let isOwn = Namespace.mount.identity() == "mnt:[\(namespace)]"
    let pair = try during(step) { () throws(SystemError) in try MessageChannel.pair() }
    let theirs = pair.second.descriptor.raw
    let child = try during(step) { () throws(SystemError) in
      try ChildProcess.spawn {
        do throws(RuntimeError) {
          try during(step) { () throws(SystemError) in
            try detach(joining: isOwn ? nil : found.raw)
          }
        } catch {
          try? MessageChannel.send(theirs, InitMessage.failed(error.report).bytes)
          return 1
        }
        return 0
      }
    }
    let channel = pair.takeFirst()
    let end = try during(step) { () throws(SystemError) in try child.wait() }
    guard end != .exited(0) else { return }
    let answer = try during(step) { () throws(SystemError) in try channel.receive().message }
    guard case .failed(let report)? = InitMessage(answer) else {
      throw .reported(ErrorReport(.bug, "\(step): ended without a word (\(end))"))
    }
    throw .reported(report)
  }

  /// In a child: it changes namespace and working directory.
  private func detach(joining descriptor: Int32?) throws(SystemError) {
    // Opened first: what is at /proc in a joined namespace is not ours to trust.
    let proc = try OwnedDescriptor.open("/proc", [.path, .directory])
    if let descriptor { try Namespace.mount.join(descriptor) }
    for mark in marks {
      guard let now = try MountEntry.list(proc: proc.raw).first(where: { $0.id == mark.id })?.place,
        mark.unique != 0 || now == place
      else { continue }
      let directory = try OwnedDescriptor.open(now, [.path, .directory, .noFollow])
      let found = Mark(try MountIdentity.of(descriptor: directory.raw))
      guard found.id == mark.id else {
        throw SystemError("umount", "\(now): another mount covers it", errno: Errno.busy)
      }
      // The number has been given to another mount.
      guard found.unique == mark.unique else { continue }
      try ProcessAttributes.changeDirectory(descriptor: directory.raw)
      try MountCall.detach(".")
    }
  }

  /// By the file that names it, or by any process that is in it.
  private func findNamespace() -> OwnedDescriptor? {
    for file in [path, "/proc/self/ns/mnt"] {
      guard let file, let found = open(file) else { continue }
      return found
    }
    let link = "mnt:[\(namespace)]"
    for name in (try? FileTree.list("/proc")) ?? [] where Int32(name) != nil {
      guard Namespace.mount.identity(of: name) == link, let found = open("/proc/\(name)/ns/mnt")
      else { continue }
      return found
    }
    return nil
  }

  private func open(_ file: String) -> OwnedDescriptor? {
    // Whoever holds the path may have put anything there.
    guard let found = try? OwnedDescriptor.open(file, [.nonBlocking]),
      let status = try? FileStatus.of(descriptor: found.raw), status.inode == namespace,
      let own = try? FileStatus.of("/proc/self/ns/mnt", follow: true), status.device == own.device
    else { return nil }
    return found
  }
}
