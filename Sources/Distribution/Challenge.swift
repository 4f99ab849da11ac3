/// A WWW-Authenticate challenge (RFC 9110, 11.6.1).
enum Challenge: Equatable {
  case basic
  case bearer(realm: String, service: String?, scope: String?)

  /// The strongest challenge that we can answer among those headers.
  static func find(in headers: [String]) -> Challenge? {
    let all = headers.compactMap(parse)
    return all.first { $0 != .basic } ?? all.first
  }

  private static func parse(_ header: String) -> Challenge? {
    let trimmed = header.drop { $0 == " " }
    let scheme = trimmed.prefix { $0 != " " }.lowercased()
    if scheme == "basic" { return .basic }
    guard scheme == "bearer" else { return nil }
    let parameters = parameters(of: trimmed.dropFirst(scheme.count))
    guard let realm = parameters["realm"], !realm.isEmpty else { return nil }
    return .bearer(realm: realm, service: parameters["service"], scope: parameters["scope"])
  }

  private static func parameters(of text: Substring) -> [String: String] {
    var result: [String: String] = [:]
    var rest = text
    while true {
      rest = rest.drop { $0 == " " || $0 == "," || $0 == "\t" }
      let name = rest.prefix { $0 != "=" && $0 != "," }
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, rest.first == "=" else { return result }
      rest = rest.dropFirst()
      let value = takeValue(&rest)
      result[name.lowercased()] = result[name.lowercased()] ?? value
    }
  }

  private static func takeValue(_ rest: inout Substring) -> String {
    guard rest.first == "\"" else {
      let token = rest.prefix { $0 != "," && $0 != " " }
      rest = rest.dropFirst(token.count)
      return String(token)
    }
    rest = rest.dropFirst()
    var value = ""
    while let character = rest.popFirst(), character != "\"" {
      if character == "\\", let escaped = rest.popFirst() {
        value.append(escaped)
      } else {
        value.append(character)
      }
    }
    return value
  }
}
