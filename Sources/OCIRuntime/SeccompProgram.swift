import LinuxSystem
import OCISpec

/// A compiled system call filter.
struct SeccompProgram: Equatable, Sendable {
  /// struct sock_filter[]; empty means no filter.
  var instructions: [UInt8] = []
  var flags: UInt32 = 0
  /// Where the notification descriptor goes; nil when no rule notifies.
  var listenerPath: String?
  var listenerMetadata: String?
  /// Connected to `listenerPath` by the parent, or -1.
  var listenerSocket: Int32 = -1

  static var knownFlags: [String] { flagValues.keys.sorted() }

  /// Those that this kernel has.
  static var supportedFlags: [String] {
    knownFlags.filter {
      SystemCallFilter.isAvailable(flags: SystemCallFilter.Flags(rawValue: flagValues[$0] ?? 0))
    }
  }

  private static let flagValues: [String: UInt32] = [
    // One thread alone installs it: there is none to synchronise with.
    "SECCOMP_FILTER_FLAG_TSYNC": 0,
    "SECCOMP_FILTER_FLAG_LOG": SystemCallFilter.Flags.log.rawValue,
    "SECCOMP_FILTER_FLAG_SPEC_ALLOW": SystemCallFilter.Flags.speculationAllowed.rawValue,
    "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": SystemCallFilter.Flags.waitKillable.rawValue,
  ]

  init() {}

  /// The filter of a configuration, by the annotation `run.oci.seccomp_fail_unknown_syscall` of
  /// crun(1) refused when it names what this libseccomp does not know.
  init(_ spec: RuntimeSpec, cache: SeccompCache) throws(RuntimeError) {
    guard let profile = spec.linux?.seccomp else {
      self.init()
      return
    }
    if let value = spec.annotations[.unknownSystemCalls], value != "0" {
      try SeccompCompiler.refuseUnknown(profile)
    }
    try self.init(profile, cache: cache)
  }

  /// The filter of a profile: from the cache, or compiled and put there.
  init(_ profile: RuntimeSeccomp, cache: SeccompCache) throws(RuntimeError) {
    for flag in profile.flags ?? ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"] {
      guard let value = Self.flagValues[flag] else {
        throw .unusable(field: "linux.seccomp.flags", "unknown value `\(flag)`")
      }
      flags |= value
    }
    let notifies =
      profile.defaultAction == "SCMP_ACT_NOTIFY"
      || profile.syscalls.contains { $0.action == "SCMP_ACT_NOTIFY" }
    if notifies {
      guard let path = profile.listenerPath, !path.isEmpty else {
        throw .unusable(
          field: "linux.seccomp.listenerPath", "is missing, and a rule uses SCMP_ACT_NOTIFY")
      }
      guard profile.defaultAction != "SCMP_ACT_NOTIFY" else {
        throw .unusable(
          field: "linux.seccomp.defaultAction",
          "SCMP_ACT_NOTIFY would stop the process that installs the filter")
      }
      listenerPath = path
      listenerSocket = try during(
        "failed to connect with seccomp agent (linux.seccomp.listenerPath)"
      ) {
        () throws(SystemError) in try UnixSocket.connect(path: path)
      }.release()
      listenerMetadata = profile.listenerMetadata
      flags |= SystemCallFilter.Flags.newListener.rawValue
    } else {
      // About the wait for an agent's answer, and EINVAL without an agent.
      flags &= ~SystemCallFilter.Flags.waitKillable.rawValue
    }
    let key = profile.encoded()
    if let found = cache.find(key) {
      instructions = found
      return
    }
    instructions = FilterCompaction.compact(try SeccompCompiler.compile(profile))
    cache.store(instructions, for: key)
  }
}

extension SeccompProgram {
  func report(to context: RuntimeContext) {
    guard !instructions.isEmpty else { return }
    let flags = flags
    context.debug { "seccomp filter flags: \(flags)" }
  }

  /// Gives the notification descriptor to the agent (config-linux.md#containerprocessstate).
  func sendListener(_ listener: Int32, of state: RuntimeState) throws(SystemError) {
    guard listenerSocket >= 0 else { return }
    var members = [
      JSONObject.Member("ociVersion", .string(state.ociVersion)),
      JSONObject.Member("fds", .array([.string("seccompFd")])),
      JSONObject.Member("pid", .integer(Int64(state.pid))),
    ]
    if let listenerMetadata {
      members.append(JSONObject.Member("metadata", .string(listenerMetadata)))
    }
    members.append(JSONObject.Member("state", state.json))
    try MessageChannel.send(
      listenerSocket, JSONValue.object(JSONObject(members)).encoded(), descriptors: [listener])
  }
}
