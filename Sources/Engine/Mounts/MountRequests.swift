import ImageStore
import LayerStorage
import LinuxSystem
import Model
import OCISpec
import StateStore

/// `-v`, `--mount`, `--tmpfs`, `--volumes-from` and the image's volumes, as one list with one mount a
/// place.
struct MountRequests {
  private let request: ContainerRequest
  private let image: StoredImage?
  private let context: EngineContext

  init(_ request: ContainerRequest, image: StoredImage?, context: EngineContext) {
    self.request = request
    self.image = image
    self.context = context
  }

  func resolve() throws -> [ContainerMount] {
    var all: [ContainerMount] = []
    func add(_ mount: ContainerMount) throws(ErrorReport) {
      guard !all.contains(mount) else { return }
      guard !all.contains(where: { $0.destination == mount.destination }) else {
        throw ErrorReport(.invalidRequest, "\(mount.destination): duplicate mount destination")
      }
      all.append(mount)
    }
    for text in request.volumes { try add(try volume(text)) }
    for text in request.mounts { for mount in try mounts(text) { try add(mount) } }
    for text in request.tmpfs { try add(try tmpfs(text)) }
    let taken = { (place: String) in all.contains { $0.destination == place } }
    for text in request.volumesFrom {
      for mount in try inherited(text) where !taken(mount.destination) { all.append(mount) }
    }
    for path in image?.execution.volumes ?? [] {
      let place = Self.clean(path)
      if taken(place) { continue }
      switch request.imageVolume {
      case "ignore": continue
      case "tmpfs": all.append(try tmpfs(place))
      default: all.append(try anonymous(place))
      }
    }
    return all
  }

  private func anonymous(_ destination: String, options: [String] = []) throws(SystemError)
    -> ContainerMount
  {
    let name = RandomName.hexadecimal(try CurrentProcess.randomBytes(32))
    return ContainerMount(
      .volume, source: name, destination: destination, options: options, anonymous: true)
  }

  /// `CONTAINER[:OPTIONS]`: that container's volumes and host directories.
  private func inherited(_ text: String) throws -> [ContainerMount] {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let name = parts.first else {
      throw ErrorReport(.invalidRequest, "invalid --volumes-from \"\(text)\"")
    }
    let store = ContainerStore(context)
    let config = try store.load(try store.resolve(name))
    let options = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
    for option in options where !["ro", "rw", "z"].contains(option) {
      throw ErrorReport(
        .invalidRequest, "--volumes-from option \"\(option)\" is not supported",
        hint: "use ro, rw or z")
    }
    return config.mounts.filter { $0.kind == .volume || $0.kind == .bind }.map { mount in
      var mount = mount
      mount.anonymous = false
      for word in options where word != "z" {
        mount.options.removeAll { $0 == "ro" || $0 == "rw" }
        mount.options.append(word)
      }
      return mount
    }
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
    let options = try Self.mountOptions(
      parts.count == 3 ? parts[2].split(separator: ",").map(String.init) : [])
    let destination = try absolute(parts[1])
    if parts[0].hasPrefix("/") || parts[0].hasPrefix(".") || parts[0].hasPrefix("~") {
      return ContainerMount(
        .bind, source: try hostPath(parts[0]), destination: destination, options: options)
    }
    return ContainerMount(
      .volume, source: try volumeName(parts[0]), destination: destination, options: options)
  }

  private func volumeName(_ text: String) throws(ErrorReport) -> String {
    guard ContainerName.isValid(text) else {
      throw ErrorReport(
        .invalidRequest, "invalid volume name \"\(text)\"",
        hint: "names match [a-zA-Z0-9][a-zA-Z0-9_.-]*; a host directory starts with / or .")
    }
    return text
  }

  private func hostPath(_ text: String) throws(ErrorReport) -> String {
    do throws(SystemError) { return try FileTree.resolve(text) } catch {
      throw ErrorReport(
        .notFound, "statfs \(text): \(error.reason)")
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

  static func mountOptions(_ texts: [String]) throws(ErrorReport) -> [String] {
    var options: [String] = []
    for text in texts {
      switch text {
      case "z", "Z":
        // Relabelling is for SELinux; without it there is nothing to do, as with docker.
        continue
      case "ro", "readonly": options.append("ro")
      case "rw", "rro", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "bind", "rbind",
        "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable",
        "runbindable", "copy", "nocopy", "U", "O":
        options.append(text)
      default:
        if text.hasPrefix("upperdir=/") || text.hasPrefix("workdir=/"), texts.contains("O") {
          options.append(text)
          continue
        }
        throw ErrorReport(
          .invalidRequest, "volume option \"\(text)\" is not supported",
          hint: text.hasPrefix("idmap") ? "use U to change the owner of the files instead" : nil)
      }
    }
    return options
  }
}

extension MountRequests {
  /// What one `--mount` stands for: one mount, or those that a pattern matches.
  private func mounts(_ text: String) throws -> [ContainerMount] {
    let wanted = try MountSpecification(text)
    if wanted.type == "glob" { return try globbed(wanted, text) }
    let place = try absolute(wanted.destination)
    switch wanted.type {
    case "tmpfs", "ramfs":
      return [
        ContainerMount(
          wanted.type == "tmpfs" ? .tmpfs : .ramfs, source: wanted.type, destination: place,
          options: try Self.tmpfsOptions(wanted.options))
      ]
    case "devpts":
      return [
        ContainerMount(.devpts, source: "devpts", destination: place, options: wanted.options)
      ]
    case "bind":
      var mount = ContainerMount(
        .bind, source: try hostPath(try source(wanted, text)), destination: place,
        options: try Self.mountOptions(wanted.options))
      mount.subpath = wanted.subpath
      return [mount]
    case "image": return [try imageMount(wanted, place, text)]
    default: return [try volumeMount(wanted, place)]
    }
  }

  private func source(_ wanted: MountSpecification, _ text: String) throws(ErrorReport) -> String {
    guard !wanted.source.isEmpty else {
      throw ErrorReport(.invalidRequest, "invalid mount \"\(text)\": it needs src=")
    }
    return wanted.source
  }

  /// What a pattern finds: in the directory that is named, or else where it is outside.
  private func globbed(_ wanted: MountSpecification, _ text: String) throws -> [ContainerMount] {
    let place = wanted.destination.isEmpty ? nil : try absolute(wanted.destination)
    let pattern = try source(wanted, text)
    guard pattern.hasPrefix("/") else {
      throw ErrorReport(.invalidRequest, "the pattern \"\(pattern)\" must be an absolute path")
    }
    let found = GlobPaths.find(pattern)
    guard !found.isEmpty else {
      throw ErrorReport(.notFound, "no file paths matching glob \"\(pattern)\"")
    }
    let options = try Self.mountOptions(wanted.options)
    return try found.map { path in
      let name = path.split(separator: "/").last ?? ""
      return ContainerMount(
        .bind, source: try hostPath(path), destination: place.map { "\($0)/\(name)" } ?? path,
        options: options)
    }
  }

  private func imageMount(_ wanted: MountSpecification, _ place: String, _ text: String) throws
    -> ContainerMount
  {
    let name = try source(wanted, text)
    guard let image = try context.imageStore.find(name) else {
      throw ErrorReport(
        .notFound, "\(name): image not known", hint: "martlet pull \(name)")
    }
    try ImageLayers(context).ensure(image)
    if try StorageChoice(context).forNewContainer() == .vfs {
      _ = try MappedLayer(context).ensureCopy(image)
    }
    var mount = ContainerMount(
      .image, source: name, destination: place,
      options: wanted.options.contains("rw") ? ["rw"] : ["ro"])
    mount.layers = image.layers.map(\.hex)
    mount.subpath = wanted.subpath
    return mount
  }

  private func volumeMount(_ wanted: MountSpecification, _ place: String) throws -> ContainerMount {
    let options = try Self.mountOptions(wanted.options)
    if wanted.source.isEmpty { return try anonymous(place, options: options) }
    let name = try volumeName(wanted.source)
    if !wanted.volumeLabels.isEmpty || !wanted.volumeOptions.isEmpty {
      var volume = Volume(name: name)
      volume.labels = try KeyValues.parse(wanted.volumeLabels, what: "label")
      volume.options = try KeyValues.parse(wanted.volumeOptions, what: "volume option")
      _ = try VolumeStore(context).create(volume, ignoring: true)
    }
    var mount = ContainerMount(.volume, source: name, destination: place, options: options)
    mount.subpath = wanted.subpath
    return mount
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
      options: try Self.tmpfsOptions(options))
  }

  private static func tmpfsOptions(_ asked: [String]) throws(ErrorReport) -> [String] {
    var options: [String] = []
    for option in asked where option != "notmpcopyup" {
      guard !option.contains("\n"), option != "bind", option != "O" else {
        throw ErrorReport(.invalidRequest, "tmpfs option \"\(option)\" is not supported")
      }
      options.append(option)
    }
    for (name, opposite) in [("nosuid", "suid"), ("nodev", "dev")]
    where !options.contains(name) && !options.contains(opposite) {
      options.append(name)
    }
    if !asked.contains("notmpcopyup") && !options.contains("tmpcopyup") {
      options.append("tmpcopyup")
    }
    return options
  }
}
