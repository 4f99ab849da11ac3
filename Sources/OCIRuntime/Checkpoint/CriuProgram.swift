import Cgroups
import LinuxSystem
import Model
import OCISpec

/// CRIU, which writes processes to files and makes them again; run as a program (criu(8)).
struct CriuProgram {
  let path: String

  static func isInstalled(_ context: RuntimeContext) -> Bool {
    (try? find(context, for: "checkpoint")) != nil
  }

  /// - Throws: when there is none.
  static func find(_ context: RuntimeContext, for purpose: String) throws(RuntimeError)
    -> CriuProgram
  {
    let name = context.criu ?? "criu"
    guard let path = Program.find(name, in: CurrentProcess.searchPath + Program.systemDirectories)
    else {
      throw .reported(
        ErrorReport(
          .unavailable, "\(purpose) needs the program `\(name)`, which is not installed",
          hint: "install criu, or name it with --criu"))
    }
    return CriuProgram(path: path)
  }

  /// What `log` ends with, for messages.
  static func complaint(_ directory: String, _ log: String) -> String {
    let text = (try? FileTree.readText("\(directory)/\(log)", limit: 1 << 24)) ?? ""
    let errors = text.split(separator: "\n").filter { $0.contains("Error (") }
    return errors.isEmpty ? "it failed" : errors.suffix(2).joined(separator: "; ")
  }
}

/// Options that checkpoint and restore have in common.
public struct CheckpointOptions: Sendable {
  public var images = "./checkpoint"
  public var work: String?
  public var parent: String?
  public var leavesRunning = false
  public var preDump = false
  public var keepsConnections = false
  public var externalSockets = false
  public var shellJob = false
  public var fileLocks = false
  public var deduplicates = false
  public var emptyNetwork = false
  /// `soft`, `full`, `strict` or `ignore`.
  public var cgroups = "soft"

  public init() {}

  /// Absolute, made when missing.
  func directories() throws(RuntimeError) -> (images: String, work: String) {
    try during("make the directory \(images)") { () throws(SystemError) in
      try FileTree.ensureDirectory(images)
      if let work { try FileTree.ensureDirectory(work) }
      let images = try FileTree.resolve(images)
      return (
        images, try work.map { (path) throws(SystemError) in try FileTree.resolve(path) } ?? images
      )
    }
  }

  func arguments(_ images: String, _ work: String, log: String) -> [String] {
    var words = [
      "--images-dir", images, "--work-dir", work, "--log-file", log,
      "--manage-cgroups=\(cgroups)",
    ]
    let flags = [
      (keepsConnections, "--tcp-established"), (externalSockets, "--ext-unix-sk"),
      (shellJob, "--shell-job"), (fileLocks, "--file-locks"), (deduplicates, "--auto-dedup"),
    ]
    words += flags.filter(\.0).map(\.1)
    if emptyNetwork { words += ["--empty-ns", "net"] }
    return words
  }
}

/// Mounts of a container that come from outside: CRIU is told of each by its place inside.
struct ExternalMounts {
  /// Where it is inside, and what of the host it shows.
  let entries: [(inside: String, outside: String)]

  init(_ spec: RuntimeSpec, bundle: String) throws(RuntimeError) {
    var found: [(String, String)] = []
    for (index, mount) in spec.mounts.enumerated() {
      let plan = try MountPlan(mount, index: index, bundle: bundle)
      if case .bind = plan.kind { found.append((plan.destination, plan.source)) }
    }
    for path in spec.linux?.maskedPaths ?? [] { found.append((path, "/dev/null")) }
    entries = found
  }

  /// Masked directories are tmpfs of the container's own: only files are external.
  func dumpArguments(_ pid: Int32) -> [String] {
    entries.filter { entry in
      guard entry.outside == "/dev/null" else { return true }
      let status = try? FileStatus.of("/proc/\(pid)/root\(entry.inside)")
      return status?.kind == .characterDevice
    }.flatMap { ["--external", "mnt[\($0.inside)]:\($0.inside)"] }
  }

  /// Those that were not in the dump do no harm.
  var restoreArguments: [String] {
    entries.flatMap { ["--external", "mnt[\($0.inside)]:\($0.outside)"] }
  }
}
