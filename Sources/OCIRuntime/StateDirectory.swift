import Cgroups
import LinuxSystem
import OCISpec

/// The runtime's root: one directory per container, named by its id.
struct StateDirectory: Sendable {
  let path: String

  /// - Parameter override: the --root option.
  init(_ override: String?) {
    if let override {
      path = override
    } else if let runtime = CurrentProcess.environment("XDG_RUNTIME_DIR"), !runtime.isEmpty,
      CurrentProcess.effectiveUser != 0 || !runtime.hasPrefix("/run/user/0")
    {
      path = "\(runtime)/martlet/oci"
    } else {
      path = "/run/martlet/oci"
    }
  }

  func directory(of id: ContainerID) -> String { "\(path)/\(id)" }

  /// Claims the id: of two that try, one gets the directory.
  func claim(_ id: ContainerID) throws(RuntimeError) {
    do throws(SystemError) {
      try FileTree.ensureDirectory(path)
      try FileTree.makeDirectory(directory(of: id))
    } catch {
      if error.errno == Errno.exists { throw .idInUse(id.text) }
      throw .system("make the state directory", error)
    }
  }

  func remove(_ id: ContainerID) throws(RuntimeError) {
    try during("remove the state of `\(id)`") { () throws(SystemError) in
      try FileTree.removeTree(directory(of: id))
    }
  }

  func save(_ record: StateRecord, _ id: ContainerID) throws(RuntimeError) {
    let target = "\(directory(of: id))/state.json"
    try during("save the state of `\(id)`") { () throws(SystemError) in
      try FileTree.write("\(target).new", String(decoding: record.encoded(), as: UTF8.self))
      try FileTree.rename("\(target).new", to: target)
    }
  }

  /// The record, or nil when the container is still being made.
  func find(_ id: ContainerID) throws(RuntimeError) -> StateRecord? {
    let file = "\(directory(of: id))/state.json"
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try FileTree.read(file, limit: 1 << 22)
    } catch {
      guard error.errno == Errno.noEntry else { throw .system("read the state of `\(id)`", error) }
      guard FileTree.exists(directory(of: id)) else { throw .noContainer(id.text) }
      return nil
    }
    do { return try StateRecord(parsing: bytes) } catch { throw .badDocument(file: file, error) }
  }

  func load(_ id: ContainerID) throws(RuntimeError) -> StateRecord {
    guard let record = try find(id) else {
      throw .wrongState(id: id.text, status: "creating", needed: "created")
    }
    return record
  }

  /// Every container's id, sorted.
  func list() throws(RuntimeError) -> [ContainerID] {
    do throws(SystemError) {
      return try FileTree.list(path).sorted().compactMap { try? ContainerID($0) }
    } catch {
      if error.errno == Errno.noEntry { return [] }
      throw .system("list the containers", error)
    }
  }
}

extension StateRecord {
  /// Whether the container's first process is still that process.
  var isAlive: Bool {
    guard pid > 0, boot == BootID.current else { return false }
    return ProcessHandle.startTime(pid) == startTime
  }

  func status(in directory: StateDirectory) -> RuntimeState.Status {
    guard pid != 0 else { return .creating }
    guard isAlive else { return .stopped }
    if isPaused { return .paused }
    return FileTree.exists("\(directory.path)/\(id)/start") ? .created : .running
  }

  private var isPaused: Bool { cgroup?.isFrozen ?? false }

  func state(_ status: RuntimeState.Status) -> RuntimeState {
    var state = RuntimeState()
    state.id = id
    state.status = status
    state.pid = status == .stopped ? 0 : pid
    state.bundle = bundle
    state.rootfs = rootfs
    state.created = created
    state.annotations = annotations
    return state
  }

  /// The same with its owner's name, which takes reading the users' names.
  func stateWithOwner(_ status: RuntimeState.Status) -> RuntimeState {
    var state = state(status)
    state.owner = UserName.of(owner)
    return state
  }
}

/// Names of the host's users, from its passwd(5) alone.
enum UserName {
  static func of(_ uid: UInt32) -> String {
    guard let text = try? FileTree.readText("/etc/passwd", limit: 1 << 20) else { return "\(uid)" }
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 2, UInt32(fields[2]) == uid { return String(fields[0]) }
    }
    return "\(uid)"
  }
}
