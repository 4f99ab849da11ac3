import Foundation
import LayerArchive
import LinuxSystem

/// A temporary directory that goes with the value.
final class Scratch {
  let path: String

  init() throws {
    let random = try CurrentProcess.randomBytes(8).map { String($0, radix: 16) }.joined()
    path = "/tmp/martlet-archive-\(random)"
    try FileTree.ensureDirectory(path)
  }

  deinit {
    // A left-over directory in the temporary folder harms nothing.
    try? FileTree.removeTree(path)
  }

  func directory(_ name: String) throws -> String {
    try FileTree.ensureDirectory("\(path)/\(name)", mode: 0o755)
    return "\(path)/\(name)"
  }

  /// Everything below a directory: path, kind, mode, size and time of each file.
  static func snapshot(_ directory: String) throws -> [String] {
    var lines: [String] = []
    for name in try FileTree.list(directory).sorted() {
      let path = "\(directory)/\(name)"
      let status = try FileStatus.of(path)
      lines.append(
        "\(path) \(status.kind) \(status.permissions) \(status.size) \(status.modified) \(status.links)"
      )
      if status.kind == .directory { lines += try snapshot(path) }
    }
    return lines
  }
}

/// Runs another program, as the tests need it for making input.
enum Tool {
  struct Failure: Error {
    let text: String
  }

  static func find(_ name: String) -> String? {
    Program.find(name, in: Program.systemDirectories)
  }

  @discardableResult
  static func run(_ name: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: find(name) ?? "/nonexistent")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(text: "\(name) ended with \(process.terminationStatus)")
    }
    return String(decoding: data, as: UTF8.self)
  }
}

/// Unpacking as an image operation does it, without its second thread.
enum Unpacking {
  @discardableResult
  static func run(_ source: any ByteSource, into directory: String) throws(ArchiveError)
    -> LayerUnpacker.Summary
  {
    let reader = TarReader(Decompressor(source))
    let summary = try LayerUnpacker(into: directory, canMakeDevices: false).unpack(reader)
    try reader.drain()
    return summary
  }

  /// An archive in memory.
  static func archive(
    _ fill: (TarWriter) throws(ArchiveError) -> Void
  ) throws(ArchiveError) -> [UInt8] {
    let box = Box()
    let writer = TarWriter { (bytes, range) in box.bytes += bytes[range] }
    try fill(writer)
    try writer.finish()
    return box.bytes
  }

  private final class Box {
    var bytes: [UInt8] = []
  }
}
