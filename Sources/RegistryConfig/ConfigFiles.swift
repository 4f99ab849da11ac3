import LinuxSystem
public import Model

/// Finds and reads the files that container tools share, below /etc, /usr/share and the user's
/// configuration directory.
public struct ConfigFiles: Sendable {
  /// `$XDG_CONFIG_HOME/containers`, nil without a home.
  public var user: String?
  /// `/etc/containers`.
  public var system: String
  /// `/usr/share/containers`.
  public var vendor: String
  /// Where podman remembers which full name a short one was chosen to be; nil without a home.
  public var chosenNames: String?
  /// `CONTAINERS_REGISTRIES_CONF`: a file that is read instead of the usual one.
  public var registriesOverride: String?
  /// `CONTAINERS_STORAGE_CONF`: the same for storage.conf.
  public var storageOverride: String?
  /// `CONTAINERS_CONF`: a file that is read instead of all usual containers.conf files.
  public var containersReplacement: String?
  /// `CONTAINERS_CONF_OVERRIDE`: a file that is read after all others.
  public var containersOverride: String?

  public init(
    user: String?, system: String = "/etc/containers", vendor: String = "/usr/share/containers"
  ) {
    self.user = user
    self.system = system
    self.vendor = vendor
  }

  /// This user's.
  public static var current: ConfigFiles {
    func filled(_ name: String) -> String? {
      CurrentProcess.environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }
    let home = filled("HOME")
    var files = ConfigFiles(
      user: (filled("XDG_CONFIG_HOME") ?? home.map { "\($0)/.config" }).map { "\($0)/containers" })
    files.chosenNames = (filled("XDG_CACHE_HOME") ?? home.map { "\($0)/.cache" }).map {
      "\($0)/containers/short-name-aliases.conf"
    }
    files.registriesOverride = filled("CONTAINERS_REGISTRIES_CONF")
    files.storageOverride = filled("CONTAINERS_STORAGE_CONF")
    files.containersReplacement = filled("CONTAINERS_CONF")
    files.containersOverride = filled("CONTAINERS_CONF_OVERRIDE")
    return files
  }

  /// Everything registries.conf and its drop-ins say.
  public func registries() throws(ErrorReport) -> RegistriesConfig {
    var config = RegistriesConfig()
    for path in registriesPaths() {
      let variable = path == registriesOverride ? "CONTAINERS_REGISTRIES_CONF" : nil
      guard let bytes = try Self.read(path, requiredBy: variable) else { continue }
      let file = try RegistriesFile(bytes, path: path)
      config.merge(file.config, mode: file.mode)
    }
    return config
  }

  /// The files in the order of reading: later ones win.
  private func registriesPaths() -> [String] {
    let main =
      registriesOverride.map { [$0] }
      ?? [user, system, vendor].compactMap { $0.map { "\($0)/registries.conf" } }
      .first(where: FileTree.exists).map { [$0] } ?? []
    var dropIns: [String] = []
    for directory in [system, user].compactMap({ $0 }) {
      dropIns += Self.dropIns("\(directory)/registries.conf.d", ".conf")
    }
    return main + dropIns + [chosenNames].compactMap { $0 }
  }

  /// The file of mounts that every container has, nil when there is none (mounts.conf(5)).
  public var defaultMountsPath: String? {
    [user, system, vendor].compactMap { $0.map { "\($0)/mounts.conf" } }
      .first(where: FileTree.exists)
  }

  /// The file that decides which images may be used, nil when there is none.
  public var policyPath: String? {
    [user, system].compactMap { $0.map { "\($0)/policy.json" } }.first(where: FileTree.exists)
  }

  /// Which images may be used; without a file all may.
  public func policy() throws(ErrorReport) -> TrustPolicy {
    guard let path = policyPath, let bytes = try Self.read(path) else {
      return TrustPolicy(fallback: [.accept])
    }
    return try TrustPolicy(bytes, path: path)
  }

  /// Where signatures are kept: the user's files when he has the directory, else the system's.
  public func signaturePlaces() throws(ErrorReport) -> SignaturePlaces {
    var places = SignaturePlaces()
    let directories = [user, system].compactMap { $0.map { "\($0)/registries.d" } }
    guard let directory = directories.first(where: FileTree.exists) else { return places }
    for path in Self.dropIns(directory, ".yaml") {
      guard let bytes = try Self.read(path) else { continue }
      try places.read(String(decoding: bytes, as: UTF8.self), path: path)
    }
    return places
  }

  /// The files of a directory whose names end so, in the order of reading.
  ///
  /// A directory that lacks or cannot be read has none, as for podman.
  static func dropIns(_ directory: String, _ suffix: String) -> [String] {
    let names = (try? FileTree.list(directory)) ?? []
    return names.filter { $0.hasSuffix(suffix) }.sorted().map { "\(directory)/\($0)" }
  }

  /// A file's content, nil when there is none.
  ///
  /// `variable`: the environment variable that asks for the file by name, which must be there then.
  static func read(_ path: String, requiredBy variable: String? = nil) throws(ErrorReport)
    -> [UInt8]?
  {
    do throws(SystemError) {
      return try FileTree.read(path, limit: 1 << 20)
    } catch {
      if [Errno.noEntry, Errno.notDirectory].contains(error.errno) {
        guard let variable else { return nil }
        throw ErrorReport(.notFound, "\(path) does not exist", hint: "correct \(variable)")
      }
      throw ErrorReport(.unavailable, "cannot read \(path): \(error)")
    }
  }
}
