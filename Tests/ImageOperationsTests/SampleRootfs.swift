import Foundation
import LinuxSystem
import StateStore

/// Small root filesystems and images of several layers.
enum SampleRootfs {
  /// A tar with files of a few kinds; `megabytes` more make it slow enough to be killed.
  static func make(in directory: String, megabytes: Int = 0, name: String = "rootfs") throws
    -> String
  {
    let root = "\(directory)/\(name).d"
    try FileTree.ensureDirectory("\(root)/bin", mode: 0o755)
    try FileTree.ensureDirectory("\(root)/etc", mode: 0o755)
    try FileTree.write("\(root)/etc/name", name)
    try FileTree.write("\(root)/bin/tool", "#!/bin/sh\n")
    try FileTree.setMode("\(root)/bin/tool", 0o4755)
    try FileTree.makeLink("\(root)/bin/link", to: "tool")
    for index in 0..<megabytes {
      // Half of it compresses, as files do.
      let noise = try CurrentProcess.randomBytes(1 << 19) + [UInt8](repeating: 65, count: 1 << 19)
      let file = try OwnedDescriptor.open("\(root)/etc/data\(index)", [.writeOnly, .create])
      try Descriptor.writeAll(file.raw, noise)
    }
    try HelperRun.run(
      "sh",
      [
        "-c",
        "cd '\(root)' && ln bin/tool bin/hard && tar --owner=5 --group=6 -cf '../\(name).tar' .",
      ])
    return "\(directory)/\(name).tar"
  }
}

/// A `docker-registry` on a free port of this machine.
final class Registry {
  let authority: String
  let folder: String
  private let process = Process()
  private let log = Pipe()

  struct Failure: Error {}

  init() throws {
    folder = "/tmp/martlet-registry-\(try RandomName.make())"
    try FileTree.ensureDirectory(folder)
    try FileTree.write(
      "\(folder)/config.yml",
      """
      version: 0.1
      log: {level: info, formatter: json}
      storage: {filesystem: {rootdirectory: \(folder)/data}}
      http: {addr: "127.0.0.1:0"}
      """)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/docker-registry")
    process.arguments = ["serve", "\(folder)/config.yml"]
    process.standardError = log
    process.standardOutput = log
    try process.run()
    // The log says the port, so nobody else can take it in between.
    var text = ""
    var found: String?
    while found == nil {
      let data = log.fileHandleForReading.availableData
      if data.isEmpty { throw Failure() }
      text += String(decoding: data, as: UTF8.self)
      if let start = text.range(of: "listening on "),
        let end = text[start.upperBound...].firstIndex(of: "\"")
      {
        found = String(text[start.upperBound..<end])
      }
    }
    authority = found ?? ""
    // Keeps the pipe empty.
    log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
    // A left-over folder in the temporary folder harms nothing.
    try? FileTree.removeTree(folder)
  }

  /// Pushes what skopeo can read, and returns the reference.
  func push(_ source: String, as name: String, _ options: [String] = []) throws -> String {
    let answer = try HelperRun.run(
      "skopeo",
      ["copy", "--dest-tls-verify=false"] + options + [source, "docker://\(authority)/\(name)"])
    guard answer.status == 0 else { throw Failure() }
    return "\(authority)/\(name)"
  }

  /// Where the registry keeps a blob.
  func blob(_ hex: String) -> String {
    "\(folder)/data/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
  }
}
