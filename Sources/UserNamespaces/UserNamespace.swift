public import LinuxSystem

/// How a process comes into the user namespace in which containers and layers live.
public enum UserNamespacePlan: Equatable, Sendable {
  /// Already root: only a mount namespace is needed.
  case alreadyRoot
  /// A new user namespace with this mapping, written by newuidmap(1) and newgidmap(1).
  case map(IDMapping)
  /// A new user namespace whose mapping this process may write itself (root without
  /// CAP_SYS_ADMIN, or only its own id).
  case mapDirectly(IDMapping)
  /// The user namespace of a process, which has this mapping. Only there can that process's other
  /// namespaces be joined.
  case join(pid: Int32, IDMapping)
}

/// Processes inside the user namespace: uid 0 there, with a private mount namespace of their own.
public struct UserNamespace: Sendable {
  public let plan: UserNamespacePlan

  /// Whether the caller's further groups stay, unmapped as they are.
  public var keepsGroups = false

  /// Used in the place of a new namespace where it has the plan's mapping.
  public var prepared: PreparedNamespace?

  /// Whether a process that joins a namespace has our memory in the place of a copy, for which we wait
  /// until it executes a program (`ChildProcess.spawnBorrowing`); one that is made with its namespace
  /// never has.
  public var lendsMemory = false

  private static let lastWords: StaticString =
    "Error: the process that starts the container was killed\nhint: start it again\n"

  public init(_ plan: UserNamespacePlan) { self.plan = plan }

  /// Runs `body` in a new process that is root in the namespace and has private mounts.
  ///
  /// The process ends with the value that `body` returns. Mounts made there end with it.
  ///
  /// `newNamespaces`: further namespaces for the process, such as `.network`.
  public func spawn(
    newNamespaces: NamespaceSet = [], _ body: @escaping () -> Int32
  ) throws(UserNamespaceError) -> ChildProcess {
    switch plan {
    case .alreadyRoot:
      return try spawnAsRoot(newNamespaces, body)
    case .map(let mapping):
      if let pid = try prepared?.pid(mapped: mapping) {
        return try spawnJoining(pid, newNamespaces, body)
      }
      let helpers = try MappingHelpers.find()
      return try spawnMapped(newNamespaces, body) { pid throws(UserNamespaceError) in
        try helpers.write(mapping, for: pid)
      }
    case .mapDirectly(let mapping):
      return try spawnMapped(newNamespaces, body) { pid throws(UserNamespaceError) in
        try mapping.write(for: pid)
      }
    case .join(let pid, _):
      return try spawnJoining(pid, newNamespaces, body)
    }
  }

  private func spawnJoining(_ pid: Int32, _ kinds: NamespaceSet, _ body: @escaping () -> Int32)
    throws(UserNamespaceError) -> ChildProcess
  {
    do throws(SystemError) {
      let target = try OwnedDescriptor.open("/proc/\(pid)/ns/user")
      let raw = target.raw
      let entered = {
        guard (try? Namespace.user.join(raw)) != nil else { return 125 as Int32 }
        Descriptor.close(raw)
        guard (try? Namespace.unshare(kinds.union([.mount]))) != nil,
          (try? CurrentProcess.becomeRoot(keepingGroups: keepsGroups)) != nil, Self.privateMounts()
        else { return 125 }
        return body()
      }
      return lendsMemory
        ? try ChildProcess.spawnBorrowing(lastWords: Self.lastWords, entered)
        : try ChildProcess.spawn(entered)
    } catch { throw Self.meaning(of: error) }
  }

  private func spawnAsRoot(_ kinds: NamespaceSet, _ body: @escaping () -> Int32)
    throws(UserNamespaceError) -> ChildProcess
  {
    do throws(SystemError) {
      return try ChildProcess.spawn(flags: kinds.union([.mount]).cloneFlags) {
        Self.privateMounts() ? body() : 125
      }
    } catch { throw Self.meaning(of: error) }
  }

  private func spawnMapped(
    _ kinds: NamespaceSet, _ body: @escaping () -> Int32,
    map: (Int32) throws(UserNamespaceError) -> Void
  ) throws(UserNamespaceError) -> ChildProcess {
    let child: ChildProcess
    let gate: OwnedDescriptor
    do throws(SystemError) {
      let pipe = try OwnedDescriptor.pipe()
      let readEnd = pipe.readEnd.raw
      let writeEnd = pipe.writeEnd.raw
      child = try ChildProcess.spawn(
        flags: kinds.union([.user, .mount]).cloneFlags
      ) {
        // Our copy of the gate must go, or the end of the parent would never be seen.
        Descriptor.close(writeEnd)
        guard let word = try? Descriptor.read(readEnd, upTo: 1), word == [1] else { return 125 }
        Descriptor.close(readEnd)
        guard (try? CurrentProcess.becomeRoot(keepingGroups: keepsGroups)) != nil,
          Self.privateMounts()
        else { return 125 }
        return body()
      }
      gate = pipe.split { readEnd, writeEnd in writeEnd }
    } catch { throw Self.meaning(of: error) }
    do {
      try map(child.pid)
    } catch {
      // Closing the gate unmapped ends the child.
      _ = consume gate
      _ = try? child.wait()
      throw error
    }
    guard (try? Descriptor.writeAll(gate.raw, [1])) != nil else { throw .childLost }
    return child
  }

  /// Our mounts shall not leave the namespace, nor the host's later ones be pinned by us.
  private static func privateMounts() -> Bool {
    (try? MountCall.setPropagation("/", .slave, recursive: true)) != nil
  }

  private static func meaning(of error: SystemError) -> UserNamespaceError {
    guard error.errno == Errno.notPermitted || error.errno == Errno.noSpace else {
      return .system(error)
    }
    for (file, bad, setting) in [
      ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
      (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
        "kernel.apparmor_restrict_unprivileged_userns=0"
      ), ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ] {
      if let text = try? FileTree.readText(file), text.split(separator: "\n").first == bad[...] {
        return .forbidden(error, setting: setting)
      }
    }
    return .forbidden(error, setting: nil)
  }
}

/// newuidmap(1) and newgidmap(1), found in system directories only.
struct MappingHelpers {
  let users: String
  let groups: String

  static func find() throws(UserNamespaceError) -> MappingHelpers {
    guard let users = Program.find("newuidmap", in: Program.systemDirectories) else {
      throw .helperMissing("newuidmap")
    }
    guard let groups = Program.find("newgidmap", in: Program.systemDirectories) else {
      throw .helperMissing("newgidmap")
    }
    return MappingHelpers(users: users, groups: groups)
  }

  func write(_ mapping: IDMapping, for pid: Int32) throws(UserNamespaceError) {
    try start(mapping, for: pid, awaitedSoon: true).finish()
  }

  /// Both at once, beside us: each costs most of a millisecond, nearly all of it its own start.
  func start(
    _ mapping: IDMapping, for pid: Int32, awaitedSoon: Bool
  ) throws(UserNamespaceError) -> Writing {
    do throws(SystemError) {
      let complaints = try OwnedDescriptor.pipe()
      let pair = try ProgramPair(
        program(users, pid, mapping.users, complaints.writeEnd.raw),
        program(groups, pid, mapping.groups, complaints.writeEnd.raw), awaitedSoon: awaitedSoon)
      return Writing(helpers: self, pair: pair, complaints: complaints)
    } catch { throw .system(error) }
  }

  /// The two while they write.
  struct Writing: ~Copyable {
    let helpers: MappingHelpers
    let pair: ProgramPair
    let complaints: OwnedDescriptor.Pipe

    consuming func finish() throws(UserNamespaceError) {
      let helpers = helpers
      let succeeded = pair.wait()
      if succeeded.first && succeeded.second { return }
      for path in [helpers.users, helpers.groups] where !MappingHelpers.hasRights(path) {
        throw .helperPowerless(path: path)
      }
      let reader = complaints.split { readEnd, _ in readEnd }
      let text = (try? Descriptor.read(reader.raw, upTo: 4_096)) ?? []
      if text.isEmpty, ResourceLimit.allowsFewFiles {
        let path = succeeded.first ? helpers.groups : helpers.users
        throw .system(SystemError("execve", path, errno: Errno.tooManyFiles))
      }
      throw .mappingRefused(
        helper: succeeded.first ? "newgidmap" : "newuidmap",
        complaint: String(decoding: text, as: UTF8.self).split(separator: "\n").first
          .map(String.init) ?? "no reason given")
    }
  }

  /// Whether a program may do more than its caller: by its setuid bit, or by capabilities(7).
  private static func hasRights(_ path: String) -> Bool {
    guard let status = try? FileStatus.of(path, follow: true) else { return true }
    if status.permissions & 0o4000 != 0 { return true }
    guard let slash = path.lastIndex(of: "/"),
      let name = RawPath(String(path[slash...].dropFirst())),
      let directory = try? OwnedDescriptor.open(String(path[..<slash]), .readOnly)
    else { return true }
    let found = try? ExtendedAttributes.find("security.capability", of: name, in: directory.raw)
    return found?.isEmpty == false
  }

  private func program(_ path: String, _ pid: Int32, _ map: [IDRange], _ complaints: Int32)
    -> Program
  {
    var program = Program(path, ["\(pid)"] + IDMapping.arguments(map), environment: [])
    program.descriptors = [(2, complaints)]
    return program
  }
}
