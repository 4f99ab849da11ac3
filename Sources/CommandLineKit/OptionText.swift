/// The texts options accept, spelled as Go's flag libraries accept them.
enum OptionText {
  static func bool(_ text: String) throws(UsageError) -> Bool {
    switch text {
    case "true", "1", "t", "T", "TRUE", "True": return true
    case "false", "0", "f", "F", "FALSE", "False": return false
    default: throw UsageError("not a boolean", hint: "use true or false")
    }
  }

  static func integer(_ text: String) throws(UsageError) -> Int {
    var digits = text[...]
    let sign = digits.first == "-" ? "-" : ""
    if digits.first == "-" || digits.first == "+" { digits.removeFirst() }
    var radix = 10
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
      digits = digits.dropFirst(2)
      radix = base
    }
    let startsWithDigit = digits.first.map { $0.isHexDigit } ?? false
    guard startsWithDigit, let value = Int(sign + digits, radix: radix) else {
      throw UsageError("not an integer")
    }
    return value
  }

  static func require(_ text: String, oneOf choices: [String]) throws(UsageError) {
    guard !choices.isEmpty, !choices.contains(text) else { return }
    let guess = Suggestion.nearest(to: text, among: choices)
    throw UsageError(
      "must be one of " + choices.joined(separator: ", "), hint: guess.map { "did you mean \($0)?" }
    )
  }

  /// Splits at commas; `"a,b",c` has two parts, `""` inside quotes is one quote.
  static func commaSeparated(_ text: String) throws(UsageError) -> [String] {
    if text.isEmpty { return [] }
    if !text.utf8.contains(UInt8(ascii: "\"")) {
      return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    var parts: [String] = []
    var part = ""
    var quoted = false
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "\"" where quoted && rest.first == "\"":
        rest.removeFirst()
        part.append("\"")
      case "\"":
        quoted.toggle()
      case "," where !quoted:
        parts.append(part)
        part = ""
      default:
        part.append(character)
      }
    }
    if quoted { throw UsageError("unclosed double quote") }
    return parts + [part]
  }
}
