/// The lexical rules of image references (the grammar that registries and Docker share).
enum ReferenceGrammar {
  struct Parts {
    let registry: String
    let repository: String
    let tag: String?
    let digest: Digest?
  }

  static let maximumNameLength = 255
  static let maximumTagLength = 128

  /// Lists read thousands of names: bytes are looked at, not characters, which is many times slower.
  private static let slash = UInt8(ascii: "/")

  private static func hasScheme(_ text: String) -> Bool {
    guard var colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
    while true {
      let rest = text.utf8[text.utf8.index(after: colon)...]
      if rest.first == slash, rest.dropFirst().first == slash { return true }
      guard let next = rest.firstIndex(of: UInt8(ascii: ":")) else { return false }
      colon = next
    }
  }

  static func split(_ text: String) throws(ImageReference.ParseError) -> Parts {
    if text.isEmpty { throw .empty }
    if hasScheme(text) { throw .hasScheme(text) }
    if text.utf8.count == 64, text.utf8.allSatisfy(\.isLowerCaseHexDigit) {
      throw .looksLikeID(text)
    }
    let (beforeDigest, digest) = try splitDigest(text)
    let (name, tag) = try splitTag(beforeDigest)
    let (domain, rest) = splitDomain(name)
    let registry = normalized(domain)
    var repository = rest
    if registry == ImageReference.defaultRegistry, !rest.utf8.contains(slash) {
      repository = "library/" + rest
    }
    guard isRegistry(registry) else { throw .malformedRegistry(registry) }
    try checkRepository(repository, shown: rest)
    return Parts(registry: registry, repository: repository, tag: tag, digest: digest)
  }

  /// Splits off the first component when it can only be a host: it has a dot, a port or an
  /// upper-case letter, or is `localhost`.
  static func splitDomain(_ name: String) -> (domain: String?, rest: String) {
    guard let end = name.utf8.firstIndex(of: slash) else { return (nil, name) }
    let first = name[..<end]
    let isHost =
      first == "localhost"
      || first.utf8.contains { byte in
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte.isUpperCaseLetter
      }
    guard isHost else { return (nil, name) }
    return (String(first), String(name[name.utf8.index(after: end)...]))
  }

  static func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= maximumTagLength else { return false }
    return isWordByte(first)
      && text.utf8.allSatisfy { byte in
        isWordByte(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
      }
  }

  private static func splitDigest(
    _ text: String
  ) throws(ImageReference.ParseError) -> (rest: String, digest: Digest?) {
    guard let at = text.utf8.firstIndex(of: UInt8(ascii: "@")) else { return (text, nil) }
    do throws(Digest.ParseError) {
      return (String(text[..<at]), try Digest(text[text.utf8.index(after: at)...]))
    } catch {
      throw .malformedDigest(error)
    }
  }

  private static func splitTag(
    _ text: String
  ) throws(ImageReference.ParseError) -> (rest: String, tag: String?) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return (text, nil) }
    let after = String(text[text.utf8.index(after: colon)...])
    // A colon before a slash starts a port.
    if after.utf8.contains(slash) { return (text, nil) }
    guard isTag(after) else { throw .malformedTag(after) }
    return (String(text[..<colon]), after)
  }

  private static func normalized(_ domain: String?) -> String {
    switch domain {
    case nil, "index.docker.io": ImageReference.defaultRegistry
    case let domain?: domain
    }
  }

  private static func isRegistry(_ text: String) -> Bool {
    var host = Substring(text)
    if host.hasPrefix("[") {
      guard let close = host.firstIndex(of: "]") else { return false }
      let address = host[host.index(after: host.startIndex)..<close]
      let rest = host[host.index(after: close)...]
      return isIPv6(address) && (rest.isEmpty || (rest.first == ":" && isPort(rest.dropFirst())))
    }
    if let colon = host.utf8.firstIndex(of: UInt8(ascii: ":")) {
      guard isPort(host[host.utf8.index(after: colon)...]) else { return false }
      host = host[..<colon]
    }
    return host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .allSatisfy { isHostLabel(Substring($0)) }
  }

  private static func isIPv6(_ text: Substring) -> Bool {
    (2...45).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        byte.isLowerCaseHexDigit || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
          || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
      }
  }

  private static func isPort(_ text: Substring) -> Bool {
    text.utf8.count <= 5 && text.utf8.allSatisfy(\.isASCIIDigit)
      && UInt16(text).map { $0 > 0 } == true
  }

  private static func isHostLabel(_ label: Substring) -> Bool {
    guard let first = label.utf8.first, let last = label.utf8.last else { return false }
    let dash = UInt8(ascii: "-")
    return first != dash && last != dash
      && label.utf8.allSatisfy { byte in
        byte == dash || (isWordByte(byte) && byte != UInt8(ascii: "_"))
      }
  }

  private static func checkRepository(
    _ repository: String, shown: String
  ) throws(ImageReference.ParseError) {
    if repository.utf8.count > maximumNameLength { throw .tooLong(repository.utf8.count) }
    if hasPathComponents(repository) { return }
    throw hasPathComponents(repository.lowercased())
      ? .upperCaseRepository(shown) : .malformedRepository(shown)
  }

  private static func hasPathComponents(_ repository: String) -> Bool {
    repository.utf8.split(separator: slash, omittingEmptySubsequences: false)
      .allSatisfy { isPathComponent(Substring($0)) }
  }

  /// Runs of letters and digits, joined by one dot, one or two underscores, or dashes.
  private static func isPathComponent(_ component: Substring) -> Bool {
    var separator: [UInt8] = []
    var sawWord = false
    for byte in component.utf8 {
      guard byte.isLowerCaseLetter || byte.isASCIIDigit else {
        separator.append(byte)
        continue
      }
      guard separator.isEmpty || (sawWord && isSeparator(separator)) else { return false }
      separator.removeAll(keepingCapacity: true)
      sawWord = true
    }
    return sawWord && separator.isEmpty
  }

  private static func isSeparator(_ bytes: [UInt8]) -> Bool {
    bytes == [UInt8(ascii: ".")] || bytes == [UInt8(ascii: "_")]
      || bytes == [UInt8(ascii: "_"), UInt8(ascii: "_")]
      || bytes.allSatisfy { $0 == UInt8(ascii: "-") }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    byte.isLowerCaseLetter || byte.isUpperCaseLetter || byte.isASCIIDigit
      || byte == UInt8(ascii: "_")
  }
}
