import FoundationEssentials
import Glibc
import TestSupport

/// A registry on a loopback port, for as long as a test needs it.
enum Registry {
  static var isAvailable: Bool { Machine.has("docker-registry") && Machine.has("skopeo") }

  /// Runs `body` with the address of a registry that holds the archive's image as `name`.
  static func serving(_ archive: String, as name: String, _ body: (String) throws -> Void) throws {
    let home = try Home.shared.get()
    let directory = home.data + "/../registry"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let address = "127.0.0.1:\(freePort())"
    let settings = """
      version: 0.1
      log: { level: error, accesslog: { disabled: true } }
      storage: { filesystem: { rootdirectory: \(directory)/blobs } }
      http: { addr: \(address) }
      """
    try Data(settings.utf8).write(to: URL(filePath: directory + "/settings.yml"))
    let registry = try Program(
      path: "docker-registry", arguments: ["serve", directory + "/settings.yml"],
      environment: home.environment, directory: directory
    ).start()
    defer {
      registry.send(SIGKILL)
      _ = try? registry.wait()
    }
    var pushed: CommandResult?
    // The registry listens a moment after its start.
    _ = try Poll.until {
      pushed = try Program(
        path: "skopeo",
        arguments: [
          "--insecure-policy", "copy", "-q", "--dest-tls-verify=false",
          "docker-archive:\(archive)", "docker://\(address)/\(name)",
        ], environment: home.environment, directory: directory
      ).run()
      return pushed?.exitCode == 0
    }
    guard let pushed, pushed.exitCode == 0 else { throw NoRegistry(result: pushed) }
    try body(address)
  }

  /// A port of the loopback interface that nobody has at this moment.
  private static func freePort() -> UInt16 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
        _ = unsafe bind(socket, general, size)
        _ = unsafe getsockname(socket, general, &size)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// The registry of a test did not take the image.
struct NoRegistry: Error, CustomStringConvertible {
  let result: CommandResult?
  var description: String { "no registry: \(result?.transcript ?? "it never answered")" }
}
