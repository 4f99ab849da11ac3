import Foundation

/// A `docker-registry` on a free port of this machine, with its data in a temporary folder.
final class RegistryProgram {
  let authority: String
  private let folder: URL
  var path: String { folder.path }
  private let process: Process

  static let isInstalled = ["docker-registry", "skopeo", "tar"].allSatisfy { find($0) != nil }

  private static func find(_ program: String) -> String? {
    ["/usr/bin", "/bin", "/usr/local/bin"].map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  struct Failure: Error {
    let text: String
  }

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("martlet-registry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let config = folder.appendingPathComponent("config.yml")
    try """
    version: 0.1
    log: {level: info, formatter: json}
    storage: {filesystem: {rootdirectory: \(folder.path)/data}}
    http: {addr: "127.0.0.1:0"}
    """.write(to: config, atomically: true, encoding: .utf8)
    process = Process()
    process.executableURL = URL(fileURLWithPath: Self.find("docker-registry") ?? "")
    process.arguments = ["serve", config.path]
    let log = Pipe()
    process.standardError = log
    process.standardOutput = log
    try process.run()
    // The log says the port, so nobody else can take it in between.
    guard let authority = Self.readAddress(log.fileHandleForReading) else {
      process.terminate()
      throw Failure(text: "docker-registry did not say where it listens")
    }
    self.authority = authority
    // Keeps the pipe empty.
    log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
    // A left-over folder in the temporary folder harms nothing.
    try? FileManager.default.removeItem(at: folder)
  }

  private static func readAddress(_ log: FileHandle) -> String? {
    var text = ""
    while true {
      let data = log.availableData
      if data.isEmpty { return nil }
      text += String(decoding: data, as: UTF8.self)
      if let range = text.firstRange(of: "listening on 127.0.0.1:") {
        let port = text[range.upperBound...].prefix { $0.isNumber }
        let rest = text[range.upperBound...].dropFirst(port.count)
        if !rest.isEmpty { return "127.0.0.1:\(port)" }
      }
    }
  }

  /// Runs a program to its end; throws its output when it fails.
  func run(_ program: String, _ arguments: String...) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.find(program) ?? "")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(text: "\(program): \(String(decoding: data, as: UTF8.self))")
    }
    return Array(data)
  }

  func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: folder.appendingPathComponent(name))
  }
}
