import Foundation
import ImageStore
import LinuxSystem
import Model
import StateStore

/// A data directory, and `martlet-image` run on it: as root as it is, otherwise inside a user
/// namespace with the user's subordinate ids, as the command line makes one.
final class HelperRun {
  let scratch: String
  let data: String
  var store: ImageStore { ImageStore(data: data) }

  struct Answer {
    var status: Int32
    var events: [HelperEvent]
    var result: HelperEvent.Result? { events.lazy.compactMap(\.result).last }
    var error: ErrorReport? { events.lazy.compactMap(\.error).last?.report }
  }

  static var isPossible: Bool {
    CurrentProcess.effectiveUser == 0 || (try? run("unshare", wrapping + ["true"]).status) == 0
  }

  private static let wrapping = ["--user", "--map-root-user", "--map-auto", "--mount"]

  init() throws {
    scratch = "/tmp/martlet-helper-\(try RandomName.make())"
    data = "\(scratch)/data"
    try FileTree.ensureDirectory(data)
  }

  deinit {
    // Files of subordinate ids need the namespace; what stays in the temporary folder is harmless.
    _ = try? Self.run("rm", ["-rf", scratch], inNamespace: true)
  }

  /// The helper that was built with these tests.
  static var program: String {
    let own = (try? CurrentProcess.executablePath()) ?? ""
    // .../debug/PACKAGETests.xctest, or a runner elsewhere that was given its path.
    let bundle =
      CurrentProcess.arguments.first { $0.contains(".xctest") } ?? own
    var directory = bundle[..<(bundle.lastIndex(of: "/") ?? bundle.startIndex)]
    while !directory.isEmpty {
      if FileTree.isExecutable("\(directory)/martlet-image") { return "\(directory)/martlet-image" }
      directory = directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)]
    }
    return ""
  }

  /// Starts the helper; `prepare` is a shell line run before it in its own mount namespace.
  func start(
    _ operation: HelperRequest.Operation, prepare: String = "true", output: Pipe? = nil
  ) throws -> Process {
    guard !Self.program.isEmpty else {
      throw ErrorReport(
        .unavailable, "no martlet-image beside or above the tests' bundle",
        hint: "run the tests from where they were built")
    }
    let request = HelperRequest(dataRoot: data, operation: operation)
    let name = try RandomName.make()
    let input = "\(scratch)/\(name).request"
    try FileTree.write(input, String(decoding: try JSONEncoder().encode(request), as: UTF8.self))
    let line = "\(prepare) && exec '\(Self.program)' < '\(input)' 3> '\(input).events'"
    let process = try Self.process("sh", ["-c", line], inNamespace: true)
    if let output { process.standardOutput = output }
    // Where `finish` finds the answer.
    process.environment = ProcessInfo.processInfo.environment.merging(["MARTLET_TEST": input]) {
      $1
    }
    try process.run()
    return process
  }

  /// The same, and returns when the helper is next to run: its namespaces are there.
  ///
  /// Whoever kills it must not be earlier. `unshare` waits in a child of its own for the moment to
  /// write the id maps; killed meanwhile it leaves that child waiting for ever, with the socket
  /// whose end tells `Process` that all is over.
  func startInside(_ operation: HelperRequest.Operation) throws -> Process {
    let ready = Pipe()
    let process = try start(operation, prepare: "echo ready", output: ready)
    _ = ready.fileHandleForReading.availableData
    return process
  }

  func finish(_ process: Process) throws -> Answer {
    process.waitUntilExit()
    let events = try FileTree.read((process.environment?["MARTLET_TEST"] ?? "") + ".events")
    return Answer(
      status: process.terminationStatus,
      events: try events.split(separator: 0x0A).map {
        try JSONDecoder().decode(HelperEvent.self, from: Data($0))
      })
  }

  func run(_ operation: HelperRequest.Operation, prepare: String = "true") throws -> Answer {
    try finish(try start(operation, prepare: prepare))
  }

  /// Everything that must not be left behind, after a collection.
  func leftovers() throws -> [String] {
    var found: [String] = []
    found += try FileTree.list("\(data)/images/ingest")
    let living = try Lease.living(store)
    found += (Array(living.blobs) + living.layers).map { "lease of \($0)" }
    found += try FileTree.list("\(data)/layers").filter { $0.contains("-") }
    found += try FileTree.list("\(data)/images/records").filter { $0.hasPrefix(".") }
    return found
  }

  /// The files of an image as `ls` sees them, with checksums.
  func listing(_ image: StoredImage) throws -> String {
    try image.layers.map { layer in
      let line =
        "cd '\(store.layers.diff(layer))' && find . -printf '%p %y %m %U:%G %s %l %T@\\n' | sort"
        + " && find . -type f -print0 | sort -z | xargs -0 -r sha256sum"
      return try Self.run("sh", ["-c", line], inNamespace: true).output
    }.joined(separator: "\n")
  }

  private static func process(_ name: String, _ arguments: [String], inNamespace: Bool) throws
    -> Process
  {
    let process = Process()
    var words = [name] + arguments
    if inNamespace {
      words =
        ["unshare"] + (CurrentProcess.effectiveUser == 0 ? ["--mount"] : wrapping) + words
    }
    process.executableURL = URL(
      fileURLWithPath: Program.find(words[0], in: Program.systemDirectories) ?? "/nonexistent")
    process.arguments = Array(words.dropFirst())
    return process
  }

  @discardableResult
  static func run(_ name: String, _ arguments: [String], inNamespace: Bool = false) throws -> (
    status: Int32, output: String
  ) {
    let process = try process(name, arguments, inNamespace: inNamespace)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  static func has(_ programs: String...) -> Bool {
    programs.allSatisfy { Program.find($0, in: Program.systemDirectories) != nil }
  }
}
