/// Reads a `TextPattern`'s text.
struct TextPatternParser {
  private let text: [Unicode.Scalar]
  private var position = 0
  private var depth = 0

  private static let repetitionLimit = 1_000
  private static let depthLimit = 100

  init(_ text: String) { self.text = Array(text.unicodeScalars) }

  /// Nil when it is not well formed.
  mutating func parse() -> TextPatternTree? {
    guard let tree = parseChoices(), position == text.count else { return nil }
    return tree
  }

  private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  private mutating func parseChoices() -> TextPatternTree? {
    guard let first = parseSequence() else { return nil }
    var choices = [first]
    while take("|") {
      guard let choice = parseSequence() else { return nil }
      choices.append(choice)
    }
    return choices.count == 1 ? first : .either(choices)
  }

  private mutating func parseSequence() -> TextPatternTree? {
    var parts: [TextPatternTree] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      guard var part = parseAtom() else { return nil }
      if let repeated = parseRepetition(of: part) {
        part = repeated
        if let scalar = next, scalar == "*" || scalar == "+" || scalar == "?" { return nil }
      }
      parts.append(part)
    }
    return parts.isEmpty ? .empty : .sequence(parts)
  }

  private mutating func parseAtom() -> TextPatternTree? {
    guard let scalar = next else { return nil }
    position += 1
    switch scalar {
    case "(":
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.depthLimit else { return nil }
      if take("?") { guard take(":") else { return nil } }
      guard let inner = parseChoices(), take(")") else { return nil }
      return inner
    case "[": return parseClass()
    case ".": return .step(.set([0x0A...0x0A], negated: true))
    case "^": return .step(.start)
    case "$": return .step(.end)
    case "*", "+", "?": return nil
    case "\\": return parseEscape().map { .step(.set($0.ranges, negated: $0.negated)) }
    default: return .step(.scalar(scalar.value...scalar.value))
    }
  }

  /// Nil, with nothing taken, when no repetition follows.
  private mutating func parseRepetition(of part: TextPatternTree) -> TextPatternTree? {
    let start = position
    var result: TextPatternTree?
    if take("*") {
      result = .repeated(part, least: 0, most: nil)
    } else if take("+") {
      result = .repeated(part, least: 1, most: nil)
    } else if take("?") {
      result = .repeated(part, least: 0, most: 1)
    } else if take("{") {
      result = parseCounts(of: part)
      // A brace that counts nothing stands for itself.
      guard result != nil else {
        position = start
        return nil
      }
    }
    // A lazy repetition matches the same texts.
    if result != nil { _ = take("?") }
    return result
  }

  private mutating func parseCounts(of part: TextPatternTree) -> TextPatternTree? {
    guard let least = parseNumber(), least <= Self.repetitionLimit else { return nil }
    if take("}") { return .repeated(part, least: least, most: least) }
    guard take(",") else { return nil }
    if take("}") { return .repeated(part, least: least, most: nil) }
    guard let most = parseNumber(), most <= Self.repetitionLimit, most >= least, take("}") else {
      return nil
    }
    return .repeated(part, least: least, most: most)
  }

  private mutating func parseNumber() -> Int? {
    var digits = ""
    while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
      digits.unicodeScalars.append(scalar)
      position += 1
    }
    return Int(digits)
  }

  private mutating func parseClass() -> TextPatternTree? {
    let negated = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    var isFirst = true
    while let scalar = next, scalar != "]" || isFirst {
      isFirst = false
      position += 1
      var low = scalar.value
      if scalar == "\\" {
        guard let escape = parseEscape(), !escape.negated else { return nil }
        guard escape.ranges.count == 1, escape.ranges[0].count == 1 else {
          ranges += escape.ranges
          continue
        }
        low = escape.ranges[0].lowerBound
      }
      if next == "-", position + 1 < text.count, text[position + 1] != "]" {
        let high = text[position + 1].value
        position += 2
        guard low <= high else { return nil }
        ranges.append(low...high)
      } else {
        ranges.append(low...low)
      }
    }
    guard take("]") else { return nil }
    return .step(.set(ranges, negated: negated))
  }

  private mutating func parseEscape() -> (ranges: [ClosedRange<UInt32>], negated: Bool)? {
    guard let scalar = next else { return nil }
    position += 1
    func one(_ value: UInt32) -> (ranges: [ClosedRange<UInt32>], negated: Bool) {
      ([value...value], false)
    }
    switch scalar {
    case "d", "D": return ([0x30...0x39], scalar == "D")
    case "w", "W": return ([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A], scalar == "W")
    case "s", "S": return ([0x09...0x0A, 0x0C...0x0D, 0x20...0x20], scalar == "S")
    case "n": return one(0x0A)
    case "t": return one(0x09)
    case "A": return nil
    default:
      let isWord = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
      return isWord ? nil : one(scalar.value)
    }
  }
}
