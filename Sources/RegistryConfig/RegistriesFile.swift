import Model
import TOML

/// One file of registries.conf's.
struct RegistriesFile {
  let path: String
  var config = RegistriesConfig()
  /// nil when the file does not say.
  var mode: RegistriesConfig.ShortNameMode?

  init(_ bytes: [UInt8], path: String) throws(ErrorReport) {
    self.path = path
    let document: TOMLValue
    do {
      document = try TOMLValue.parse(bytes)
    } catch {
      throw ErrorReport(
        .invalidRequest, "\(path):\(error.line): \(error.reason)",
        hint: "correct the file; containers-registries.conf(5) describes it")
    }
    if document["registries"] != nil {
      throw ErrorReport(
        .invalidRequest, "\(path) is in version 1 of registries.conf",
        hint: "write unqualified-search-registries and [[registry]] instead of [registries.*]")
    }
    config.searchRegistries = try strings(document, "unqualified-search-registries")
    config.credentialHelpers = try strings(document, "credential-helpers")
    try readMode(document["short-name-mode"])
    try readAliases(document["aliases"])
    for entry in try list(document["registry"], "registry") {
      config.registries.append(try registry(entry))
    }
  }

  private mutating func readMode(_ value: TOMLValue?) throws(ErrorReport) {
    guard let value else { return }
    guard let text = value.text, let mode = RegistriesConfig.ShortNameMode(rawValue: text) else {
      throw bad("short-name-mode", "must be enforcing, permissive or disabled")
    }
    self.mode = mode
  }

  private mutating func readAliases(_ value: TOMLValue?) throws(ErrorReport) {
    guard let value else { return }
    guard let members = value.members else { throw bad("aliases", "must be a table") }
    for (name, value) in members {
      guard let text = value.text else { throw bad("alias \(name)", "must be a string") }
      if !text.isEmpty {
        guard (try? ImageReference(text)) != nil, !ImageReference.isShortName(text) else {
          throw bad("alias \(name)", "must be an image name with a registry")
        }
      }
      config.aliases[name] = RegistriesConfig.Alias(name: text, file: path)
    }
  }

  private func registry(_ entry: TOMLValue) throws(ErrorReport) -> RegistriesConfig.Registry {
    let location = Self.trimmed(try string(entry, "location") ?? "")
    let prefix = Self.trimmed(try string(entry, "prefix") ?? "")
    guard !location.isEmpty || prefix.hasPrefix("*.") else {
      throw bad("registry \(prefix)", "has no location")
    }
    var registry = RegistriesConfig.Registry(
      prefix: prefix.isEmpty ? location : prefix, location: location)
    registry.isInsecure = try flag(entry, "insecure")
    registry.isBlocked = try flag(entry, "blocked")
    let byDigest = try flag(entry, "mirror-by-digest-only")
    for mirror in try list(entry["mirror"], "mirror") {
      registry.mirrors.append(try self.mirror(mirror, byDigest: byDigest))
    }
    return registry
  }

  private func mirror(
    _ entry: TOMLValue, byDigest: Bool
  ) throws(ErrorReport) -> RegistriesConfig.Mirror {
    let location = Self.trimmed(try string(entry, "location") ?? "")
    guard !location.isEmpty else { throw bad("mirror", "has no location") }
    var mirror = RegistriesConfig.Mirror(location: location)
    mirror.isInsecure = try flag(entry, "insecure")
    mirror.use = byDigest ? .digestOnly : .all
    if let text = try string(entry, "pull-from-mirror"), !text.isEmpty {
      guard let use = RegistriesConfig.Mirror.Use(rawValue: text), !byDigest else {
        throw bad(
          "pull-from-mirror", "must be all, digest-only or tag-only, without mirror-by-digest-only")
      }
      mirror.use = use
    }
    return mirror
  }

  // MARK: Values of the right kind

  private func list(_ value: TOMLValue?, _ key: String) throws(ErrorReport) -> [TOMLValue] {
    guard let value else { return [] }
    guard let list = value.list, list.allSatisfy({ $0.members != nil }) else {
      throw bad(key, "must be tables, written [[\(key)]]")
    }
    return list
  }

  private func strings(_ table: TOMLValue, _ key: String) throws(ErrorReport) -> [String]? {
    guard let value = table[key] else { return nil }
    guard let list = value.list, list.allSatisfy({ $0.text != nil }) else {
      throw bad(key, "must be a list of strings")
    }
    return list.compactMap { $0.text.map(Self.trimmed) }
  }

  private func string(_ table: TOMLValue, _ key: String) throws(ErrorReport) -> String? {
    guard let value = table[key] else { return nil }
    guard let text = value.text else { throw bad(key, "must be a string") }
    return text
  }

  private func flag(_ table: TOMLValue, _ key: String) throws(ErrorReport) -> Bool {
    guard let value = table[key] else { return false }
    guard let flag = value.flag else { throw bad(key, "must be true or false") }
    return flag
  }

  private func bad(_ what: String, _ reason: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest, "\(path): \(what) \(reason)",
      hint: "correct the file; containers-registries.conf(5) describes it")
  }

  /// Without a slash at its end.
  private static func trimmed(_ text: String) -> String {
    var rest = text[...]
    while rest.hasSuffix("/") { rest.removeLast() }
    return String(rest)
  }
}
