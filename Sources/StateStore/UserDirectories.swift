import LinuxSystem

/// Where Martlet keeps what: one answer for every program (XDG base directory specification).
public struct UserDirectories: Equatable, Sendable {
  /// Images, containers, volumes: what must outlive a reboot.
  public let data: String
  /// Live states, sockets, locks of live things: empty after a reboot.
  public let runtime: String
  /// The user's configuration files, `martlet` not appended.
  public let config: String

  public init(data: String, runtime: String, config: String) {
    self.data = data
    self.runtime = runtime
    self.config = config
  }

  /// What the answer depends on, so that tests can bring their own.
  public struct Surroundings {
    public var variable: (String) -> String?
    public var uid: UInt32
    /// Whether this is the machine's first user namespace: its root is the machine's root.
    public var inInitialNamespace: Bool
    /// The parent of per-user runtime directories, `/run/user`.
    public var usersRuntime: String
    public var temporary: String

    public init(
      variable: @escaping (String) -> String?, uid: UInt32, inInitialNamespace: Bool,
      usersRuntime: String = "/run/user", temporary: String = "/tmp"
    ) {
      self.variable = variable
      self.uid = uid
      self.inInitialNamespace = inInitialNamespace
      self.usersRuntime = usersRuntime
      self.temporary = temporary
    }

    /// This process's own.
    public static var current: Surroundings {
      Surroundings(
        variable: { CurrentProcess.environment($0) }, uid: CurrentProcess.effectiveUser,
        inInitialNamespace: UserDirectories.isInitialNamespace())
    }
  }

  /// Finds the directories without making them, except `/tmp/martlet-UID`, which is only safe
  /// when it is made and checked at once.
  public static func find(_ around: Surroundings = .current) throws(StateError) -> UserDirectories {
    let root = around.uid == 0 && around.inInitialNamespace
    let data: String
    if let given = try around.absolute("MARTLET_DATA_ROOT") {
      data = given
    } else if root {
      data = "/var/lib/martlet"
    } else if let home = try around.absolute("XDG_DATA_HOME") {
      data = "\(home)/martlet"
    } else {
      data = "\(try around.home())/.local/share/martlet"
    }
    let config: String
    if let home = try around.absolute("XDG_CONFIG_HOME") {
      config = home
    } else {
      config =
        root && around.value("HOME") == nil ? "/root/.config" : "\(try around.home())/.config"
    }
    return UserDirectories(data: data, runtime: try around.runtime(root: root), config: config)
  }

  /// A user namespace that maps every id to itself is the first one (user_namespaces(7)).
  public static func isInitialNamespace() -> Bool {
    guard let map = try? FileTree.readText("/proc/self/uid_map", limit: 65_536) else { return true }
    return map.split(whereSeparator: { $0 == " " || $0 == "\n" }) == ["0", "0", "4294967295"]
  }
}

extension UserDirectories.Surroundings {
  /// A variable's value; an empty one counts as unset (XDG base directory specification).
  fileprivate func value(_ name: String) -> String? {
    guard let value = variable(name), !value.isEmpty else { return nil }
    return value
  }

  fileprivate func absolute(_ name: String) throws(StateError) -> String? {
    guard let value = value(name) else { return nil }
    guard value.hasPrefix("/") else {
      throw .relativePath(variable: name, value: value)
    }
    return value.count > 1 && value.hasSuffix("/") ? String(value.dropLast()) : value
  }

  fileprivate func home() throws(StateError) -> String {
    guard let home = try absolute("HOME") else { throw .homeUnset }
    return home == "/" ? "" : home
  }

  fileprivate func runtime(root: Bool) throws(StateError) -> String {
    if let given = try absolute("MARTLET_RUNTIME_ROOT") { return given }
    if root { return "/run/martlet" }
    if let given = try absolute("XDG_RUNTIME_DIR") { return "\(given)/martlet" }
    let own = "\(usersRuntime)/\(uid)"
    if let status = try? FileStatus.of(own), status.kind == .directory, status.uid == uid {
      return "\(own)/martlet"
    }
    return try temporaryRuntime()
  }

  /// Anybody may make names in /tmp, so what is there must be a real directory of ours that
  /// nobody else can enter.
  private func temporaryRuntime() throws(StateError) -> String {
    let path = "\(temporary)/martlet-\(uid)"
    do throws(SystemError) {
      try FileTree.makeDirectory(path, mode: 0o700)
    } catch {
      guard error.errno == Errno.exists else { throw .system(error) }
    }
    let status: FileStatus
    do throws(SystemError) { status = try FileStatus.of(path) } catch { throw .system(error) }
    guard status.kind == .directory else {
      throw .unsafeDirectory(path: path, reason: "it is not a directory")
    }
    guard status.uid == uid else {
      throw .unsafeDirectory(path: path, reason: "it belongs to uid \(status.uid)")
    }
    guard status.permissions & 0o077 == 0 else {
      throw .unsafeDirectory(path: path, reason: "others may enter it")
    }
    return path
  }
}
