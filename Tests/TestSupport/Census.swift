import FoundationEssentials
import Glibc

/// What exists at one moment that a container may leave behind: processes, mounts, state, files.
struct Census: Sendable {
  private let entries: Set<String>

  init(base: String, peer: Bool) {
    var found = Self.processes(base, peer: peer)
    found.formUnion(Self.mounts(below: base))
    // Another tool keeps files of its own kind here; only the product promises to leave none.
    if !peer {
      found.formUnion(Self.files(in: base + "/t") { _ in true })
      found.formUnion(Self.files(in: base + "/r", named: Self.looksLikeContainer))
    }
    entries = found
  }

  func added(since earlier: Census) -> [String] {
    entries.subtracting(earlier.entries).sorted()
  }

  private static let helpers = [
    "martlet", "conmon", "crun", "runc", "pasta", "passt", "slirp4netns", "fuse-overlayfs",
  ]

  /// Processes of this user in another user namespace, and our helpers in this one.
  ///
  /// What another tool, or another run of tests, does for the user at the same time is not counted.
  private static func processes(_ base: String, peer: Bool) -> Set<String> {
    let user = geteuid()
    let namespace = link("/proc/self/ns/user")
    var found: Set<String> = []
    for name in names(in: "/proc") {
      guard let processID = Int32(name), processID != getpid() else { continue }
      guard let owner = realUser(of: processID) else { continue }
      let command = text("/proc/\(name)/comm").trimmingSuffix { $0.isWhitespace }
      let isOurs = owner == user || subordinateIDs.contains { $0.contains(owner) }
      let isHelper = helpers.contains { command.hasPrefix($0) } && !command.contains("Package")
      if isOurs, isHelper || link("/proc/\(name)/ns/user") != namespace,
        !isForeign(name, command, base, peer: peer)
      {
        found.insert("process \(name) \(command)")
      }
    }
    return found
  }

  /// Whether a process says of itself that it has nothing to do with the files below `base`.
  private static func isForeign(
    _ process: String, _ command: String, _ base: String, peer: Bool
  ) -> Bool {
    let words = ["cmdline", "environ"].map { text("/proc/\(process)/\($0)") }.joined()
    let own = base.split(separator: "/").last.map { "/\($0)/" } ?? base
    let descriptors = names(in: "/proc/\(process)/fd").compactMap {
      link("/proc/\(process)/fd/\($0)")
    }
    // A container has files of its run's mounted, and a monitor has them open.
    let files = text("/proc/\(process)/mountinfo") + descriptors.joined(separator: "\n")
    if words.contains(own) || files.contains(own) { return false }
    if (words + files).contains(/\/mt[0-9]+\/[dhrt]\//) { return true }
    if files.contains("/martlet/containers/") || words.contains("XDG_RUNTIME_DIR=") { return true }
    if peer { return false }
    // Podman's own processes, its networks, and its containers.
    return ["conmon", "podman", "catatonit", "rootlessport"].contains { command.hasPrefix($0) }
      || ["podman", "/libpod/", "/netns/netns-"].contains { words.contains($0) }
  }

  /// The processes whose parent is `processID`.
  static func children(of processID: Int32) -> [Int32] {
    names(in: "/proc").compactMap { Int32($0) }.filter { child in
      text("/proc/\(child)/status").contains("\nPPid:\t\(processID)\n")
    }
  }

  /// Nil for a process that is gone or a zombie, which holds nothing and waits for its parent.
  private static func realUser(of processID: Int32) -> UInt32? {
    let status = text("/proc/\(processID)/status")
    if status.contains("State:\tZ") { return nil }
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") }) else {
      return nil
    }
    return line.split(separator: "\t").dropFirst().first.flatMap { UInt32($0) }
  }

  private static let subordinateIDs: [Range<UInt32>] = {
    let user = ProcessInfo.processInfo.environment["USER"] ?? ""
    return text("/etc/subuid").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":")
      guard fields.count == 3, fields[0] == user else { return nil }
      guard let start = UInt32(fields[1]), let count = UInt32(fields[2]) else { return nil }
      return start..<(start &+ count)
    }
  }()

  private static func mounts(below base: String) -> Set<String> {
    let points = text("/proc/self/mountinfo").split(separator: "\n").compactMap { line in
      line.split(separator: " ").dropFirst(4).first.map(String.init)
    }
    return Set(points.filter { $0.hasPrefix(base + "/") }.map { "mount \($0)" })
  }

  private static func files(in directory: String, named isCounted: (String) -> Bool) -> Set<String>
  {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: directory)) ?? []
    return Set(
      paths.filter { path in
        path.split(separator: "/").contains { isCounted(String($0)) }
      }.map { "file \(directory)/\($0)" })
  }

  /// State that is named after a container has its id of 12 or more hexadecimal digits.
  private static func looksLikeContainer(_ name: String) -> Bool {
    name.prefix { $0.isHexDigit }.count >= 12 && !name.hasSuffix(".bpf")
  }

  private static func names(in directory: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
  }

  private static func link(_ path: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: path)
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
}

extension String {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
    String(self[..<(lastIndex { !isTrimmed($0) }.map(index(after:)) ?? startIndex)])
  }
}
