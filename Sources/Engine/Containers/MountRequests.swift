import ImageStore
import LinuxSystem
import Model
import OCISpec
import StateStore

/// `-v`, `--mount`, `--tmpfs`, `--device` and the image's volumes, as one list with one mount a place.
struct MountRequests {
  private let request: ContainerRequest
  private let image: StoredImage?

  init(_ request: ContainerRequest, image: StoredImage?) {
    self.request = request
    self.image = image
  }

  func resolve() throws -> [ContainerMount] {
    var all: [ContainerMount] = []
    func add(_ mount: ContainerMount, replacing: Bool = false) throws(ErrorReport) {
      guard !all.contains(where: { $0.destination == mount.destination && $0.kind != .device })
      else {
        throw ErrorReport(
          .invalidRequest, "\(mount.destination): duplicate mount destination")
      }
      all.append(mount)
    }
    for text in request.volumes { try add(try volume(text)) }
    for text in request.mounts { try add(try mount(text)) }
    for text in request.tmpfs { try add(try tmpfs(text)) }
    for path in image?.execution.volumes ?? [] {
      let place = Self.clean(path)
      guard !all.contains(where: { $0.destination == place }) else { continue }
      switch request.imageVolume {
      case "ignore": break
      case "tmpfs": all.append(ContainerMount(.tmpfs, source: "", destination: place))
      default: all.append(try anonymous(place))
      }
    }
    return all + (try request.devices.map { text throws(ErrorReport) in try device(text) })
  }

  private func anonymous(_ destination: String, options: [String] = []) throws(SystemError)
    -> ContainerMount
  {
    let name = RandomName.hexadecimal(try CurrentProcess.randomBytes(32))
    return ContainerMount(
      .volume, source: name, destination: destination, options: options, anonymous: true)
  }

  /// `[SOURCE:]DESTINATION[:OPTIONS]`.
  private func volume(_ text: String) throws -> ContainerMount {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 3, parts.allSatisfy({ !$0.isEmpty }) else {
      throw ErrorReport(
        .invalidRequest, "invalid volume \"\(text)\"",
        hint: "write SOURCE:DESTINATION[:OPTIONS]")
    }
    guard parts.count > 1 else { return try anonymous(try absolute(parts[0])) }
    let options = try mountOptions(
      parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : [])
    let destination = try absolute(parts[1])
    if parts[0].hasPrefix("/") || parts[0].hasPrefix(".") || parts[0].hasPrefix("~") {
      return ContainerMount(
        .bind, source: try hostPath(parts[0]), destination: destination, options: options)
    }
    guard ContainerName.isValid(parts[0]) else {
      throw ErrorReport(
        .invalidRequest, "invalid volume name \"\(parts[0])\"",
        hint: "names match [a-zA-Z0-9][a-zA-Z0-9_.-]*; a host directory starts with / or .")
    }
    return ContainerMount(.volume, source: parts[0], destination: destination, options: options)
  }

  private func hostPath(_ text: String) throws(ErrorReport) -> String {
    do throws(SystemError) { return try FileTree.resolve(text) } catch {
      throw ErrorReport(
        .notFound, "bind source \(text): \(error.reason)",
        hint: error.errno == Errno.noEntry ? "mkdir -p '\(text)'" : nil)
    }
  }

  private func absolute(_ text: String) throws(ErrorReport) -> String {
    guard text.hasPrefix("/") else {
      throw ErrorReport(
        .invalidRequest, "mount destination \"\(text)\" must be an absolute path")
    }
    let path = Self.clean(text)
    guard path != "/" else {
      throw ErrorReport(.invalidRequest, "the mount destination must not be /")
    }
    guard path != "/proc", !path.hasPrefix("/proc/") || request.privileged else {
      // A volume over /proc would let the container fake what security modules read there
      // (CVE-2019-16884).
      throw ErrorReport(.notPermitted, "mounting over \(path) is not permitted")
    }
    return path
  }

  /// Without doubled and trailing slashes and dots.
  static func clean(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  private func mountOptions(_ texts: [String]) throws(ErrorReport) -> [String] {
    var options: [String] = []
    for text in texts {
      switch text {
      case "z", "Z":
        // Relabelling is for SELinux; without it there is nothing to do, as with docker.
        continue
      case "ro", "readonly": options.append("ro")
      case "rw": options.append("rw")
      case "rro", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "bind", "rbind", "private",
        "rprivate", "slave", "rslave", "shared", "rshared", "copy", "nocopy":
        options.append(text)
      default:
        throw ErrorReport(.invalidRequest, "volume option \"\(text)\" is not supported")
      }
    }
    return options
  }

  /// `type=bind|volume|tmpfs,src=...,dst=...,option...`.
  private func mount(_ text: String) throws -> ContainerMount {
    var kind = "volume"
    var source = ""
    var destination = ""
    var options: [String] = []
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map(String.init)
      let value = pair.count == 2 ? pair[1] : nil
      switch pair[0] {
      case "type": kind = value ?? ""
      case "src", "source": source = value ?? ""
      case "dst", "target", "destination": destination = value ?? ""
      case "ro", "readonly": if value != "false" { options.append("ro") }
      case "rw": if value != "false" { options.append("rw") } else { options.append("ro") }
      case "bind-propagation": options.append(value ?? "")
      case "bind-nonrecursive": if value != "false" { options.append("bind") }
      case "tmpfs-size": options.append("size=\(try size(value ?? ""))")
      case "tmpfs-mode": options.append("mode=\(value ?? "")")
      case "tmpcopyup": if value != "false" { options.append("tmpcopyup") }
      case "notmpcopyup": options.append("notmpcopyup")
      case "relabel", "consistency": continue
      case "volume-nocopy": if value != "false" { options.append("nocopy") }
      case "exec", "noexec", "suid", "nosuid", "dev", "nodev": options.append(pair[0])
      default:
        throw ErrorReport(.invalidRequest, "mount option \"\(pair[0])\" is not supported")
      }
    }
    guard !destination.isEmpty else {
      throw ErrorReport(.invalidRequest, "invalid mount \"\(text)\": it needs dst=PATH")
    }
    switch kind {
    case "tmpfs":
      return ContainerMount(
        .tmpfs, source: "tmpfs", destination: try absolute(destination),
        options: try tmpfsOptions(options))
    case "bind":
      guard !source.isEmpty else {
        throw ErrorReport(.invalidRequest, "invalid mount \"\(text)\": it needs src=PATH")
      }
      return ContainerMount(
        .bind, source: try hostPath(source), destination: try absolute(destination),
        options: try mountOptions(options))
    case "volume":
      let place = try absolute(destination)
      if source.isEmpty { return try anonymous(place, options: try mountOptions(options)) }
      guard ContainerName.isValid(source) else {
        throw ErrorReport(.invalidRequest, "invalid volume name \"\(source)\"")
      }
      return ContainerMount(
        .volume, source: source, destination: place, options: try mountOptions(options))
    default:
      throw ErrorReport(
        .invalidRequest, "mount type \"\(kind)\" is not supported",
        hint: "use bind, volume or tmpfs")
    }
  }

  private func size(_ text: String) throws(ErrorReport) -> Int64 {
    guard let size = ByteSize.parse(text) else {
      throw ErrorReport(.invalidRequest, "invalid size \"\(text)\"")
    }
    return size
  }

  /// `DESTINATION[:OPTIONS]`.
  private func tmpfs(_ text: String) throws(ErrorReport) -> ContainerMount {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let place = parts.first else {
      throw ErrorReport(.invalidRequest, "invalid tmpfs \"\(text)\"")
    }
    let options = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
    return ContainerMount(
      .tmpfs, source: "tmpfs", destination: try absolute(place),
      options: try tmpfsOptions(options))
  }

  private func tmpfsOptions(_ asked: [String]) throws(ErrorReport) -> [String] {
    var options: [String] = []
    for option in asked where option != "notmpcopyup" {
      guard !option.contains("\n"), option != "bind" else {
        throw ErrorReport(.invalidRequest, "tmpfs option \"\(option)\" is not supported")
      }
      options.append(option)
    }
    for (name, opposite) in [("nosuid", "suid"), ("nodev", "dev"), ("noexec", "exec")] {
      if name == "noexec" { continue }
      if !options.contains(name) && !options.contains(opposite) { options.append(name) }
    }
    if !asked.contains("notmpcopyup") && !options.contains("tmpcopyup") {
      options.append("tmpcopyup")
    }
    return options
  }

  /// `HOST[:CONTAINER[:PERMISSIONS]]`.
  private func device(_ text: String) throws(ErrorReport) -> ContainerMount {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard (1...3).contains(parts.count), parts[0].hasPrefix("/") else {
      throw ErrorReport(
        .invalidRequest, "invalid device \"\(text)\"",
        hint: "write HOST-PATH[:CONTAINER-PATH[:rwm]]")
    }
    let isPermission = { (text: String) in !text.isEmpty && text.allSatisfy { "rwm".contains($0) } }
    var destination = parts[0]
    if parts.count > 1, !isPermission(parts[1]) { destination = parts[1] }
    guard destination.hasPrefix("/"), parts.count < 3 || isPermission(parts[2]) else {
      throw ErrorReport(.invalidRequest, "invalid device \"\(text)\"")
    }
    guard FileTree.exists(parts[0]) else {
      throw ErrorReport(.notFound, "device \(parts[0]) does not exist")
    }
    return ContainerMount(
      .device, source: parts[0], destination: destination,
      options: [isPermission(parts.last ?? "") ? parts.last ?? "rwm" : "rwm"])
  }
}
