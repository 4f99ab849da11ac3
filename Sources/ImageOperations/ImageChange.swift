import FoundationEssentials
import OCISpec

/// One instruction of `import --change` and `commit --change`, in a Containerfile's words.
struct ImageChange {
  private let text: String
  private let keyword: String
  private let rest: String

  init(_ text: String) throws(OperationError) {
    let trimmed = text.drop { $0 == " " }
    let space = trimmed.firstIndex { $0 == " " || $0 == "=" || $0 == "[" } ?? trimmed.endIndex
    self.text = text
    keyword = trimmed[..<space].uppercased()
    // `ENV=a=b`, as podman also takes it.
    let after = trimmed[space...].drop { $0 == " " }
    rest = Self.trimmed(after.hasPrefix("=") ? after.dropFirst() : after)
    if rest.isEmpty && keyword != "CMD" && keyword != "ENTRYPOINT" {
      throw .badChange(text, reason: "it has no value")
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" || last.isNewline { text.removeLast() }
    return String(text)
  }

  func apply(to execution: inout ImageConfig.Execution) throws(OperationError) {
    switch keyword {
    case "CMD": execution.command = try commandLine()
    case "ENTRYPOINT": execution.entrypoint = try commandLine()
    case "ENV":
      for (key, value) in try pairs() {
        execution.environment.removeAll { $0.hasPrefix("\(key)=") }
        execution.environment.append("\(key)=\(value)")
      }
    case "LABEL": for (key, value) in try pairs() { execution.labels[key] = value }
    case "EXPOSE":
      for port in words() {
        let full = port.contains("/") ? port : "\(port)/tcp"
        guard let number = UInt16(full.prefix { $0 != "/" }), number > 0 else {
          throw .badChange(text, reason: "\(port) is not a port")
        }
        execution.exposedPorts = Set(execution.exposedPorts + [full]).sorted()
      }
    case "STOPSIGNAL": execution.stopSignal = rest
    case "USER": execution.user = rest
    case "WORKDIR": execution.workingDirectory = rest
    case "VOLUME":
      let volumes = try list() ?? words()
      execution.volumes = Set(execution.volumes + volumes).sorted()
    case "ONBUILD": execution.onBuild = (execution.onBuild ?? []) + [rest]
    default: throw .badChange(text, reason: "\(keyword) is not an instruction that can be changed")
    }
  }

  /// The exec form, a JSON list, or the shell form.
  private func commandLine() throws(OperationError) -> [String] {
    if let list = try list() { return list }
    return rest.isEmpty ? [] : ["/bin/sh", "-c", rest]
  }

  private func list() throws(OperationError) -> [String]? {
    guard rest.hasPrefix("[") else { return nil }
    guard let list = try? JSONDecoder().decode([String].self, from: Data(rest.utf8)) else {
      throw .badChange(text, reason: "the list is not a JSON list of strings")
    }
    return list
  }

  /// `a=b c="d e"`, or the old form `a b`.
  private func pairs() throws(OperationError) -> [(String, String)] {
    let words = words()
    if let first = words.first, !first.contains("=") {
      guard words.count > 1 else { throw .badChange(text, reason: "it has no value") }
      return [(first, Self.trimmed(rest.dropFirst(first.count)))]
    }
    var pairs: [(String, String)] = []
    for word in words {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
        throw .badChange(text, reason: "\(word) is not NAME=VALUE")
      }
      pairs.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
    }
    return pairs
  }

  /// Words between spaces; quotes and backslashes keep spaces in a word.
  private func words() -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in rest {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\" && quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return words
  }
}
