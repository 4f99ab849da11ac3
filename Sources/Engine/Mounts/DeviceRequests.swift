import LinuxSystem
import Model

/// `--device` and `--gpus`: devices of the machine, by path or by a CDI name.
struct DeviceRequests {
  private let request: ContainerRequest

  init(_ request: ContainerRequest) { self.request = request }

  /// What the container gets of all of them together.
  struct Resolved {
    var mounts: [ContainerMount] = []
    var environment: [String] = []
    var groups: [String] = []
  }

  func resolve() throws -> Resolved {
    var resolved = Resolved()
    for text in request.devices + (try request.gpus.map(Self.gpu)) {
      if CDIDevices.isName(text) {
        try CDIDevices().add(text, to: &resolved)
      } else {
        resolved.mounts += try device(text)
      }
    }
    return resolved
  }

  /// `--gpus all`, or the names of some: the CDI devices of the only vendor that docker knows.
  private static func gpu(_ text: String) throws(ErrorReport) -> String {
    guard !text.isEmpty, !text.contains(",") else {
      throw ErrorReport(
        .invalidRequest, "invalid value \"\(text)\" of --gpus", hint: "use all, or a device's name")
    }
    return "nvidia.com/gpu=\(text.hasPrefix("device=") ? String(text.dropFirst(7)) : text)"
  }

  /// `HOST[:CONTAINER[:PERMISSIONS]]`; a directory stands for the devices in it.
  private func device(_ text: String) throws -> [ContainerMount] {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard (1...3).contains(parts.count), parts[0].hasPrefix("/") else {
      throw ErrorReport(
        .invalidRequest, "invalid device \"\(text)\"",
        hint: "write HOST-PATH[:CONTAINER-PATH[:rwm]], or VENDOR/CLASS=NAME")
    }
    let isPermission = { (text: String) in !text.isEmpty && text.allSatisfy { "rwm".contains($0) } }
    var destination = parts[0]
    if parts.count > 1, !isPermission(parts[1]) { destination = parts[1] }
    guard destination.hasPrefix("/"), parts.count < 3 || isPermission(parts[2]) else {
      throw ErrorReport(.invalidRequest, "invalid device \"\(text)\"")
    }
    let last = parts.last ?? ""
    let permissions = isPermission(last) ? last : "rwm"
    guard let status = try FileStatus.find(parts[0], follow: true) else {
      throw ErrorReport(.notFound, "device \(parts[0]) does not exist")
    }
    guard status.kind == .directory else {
      return [
        ContainerMount(
          .device, source: parts[0], destination: destination, options: [permissions])
      ]
    }
    var found: [ContainerMount] = []
    for name in try FileTree.list(parts[0]).sorted() {
      let path = "\(parts[0])/\(name)"
      let kind = try FileStatus.find(path, follow: true)?.kind
      guard kind == .characterDevice || kind == .blockDevice else { continue }
      found.append(
        ContainerMount(
          .device, source: path, destination: "\(destination)/\(name)", options: [permissions]))
    }
    guard !found.isEmpty else {
      throw ErrorReport(.notFound, "there are no devices in \(parts[0])")
    }
    return found
  }
}
