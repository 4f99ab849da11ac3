/// A property's value in GVariant's text form, as annotations `org.systemd.property.*` have it:
/// `true`, `'text'`, `uint64 5000000`, `['a', 'b']`.
struct PropertyText {
  private var rest: Substring

  /// Reads a whole text; `name` is for errors.
  static func value(_ text: String, of name: String) throws(BusError) -> BusValue {
    var parser = PropertyText(rest: text[...])
    guard let value = parser.value(depth: 0), parser.atEnd() else {
      throw .property(name, "`\(text)` is not a value in GVariant's text format")
    }
    return value
  }

  private mutating func skipSpace() { rest = rest.drop { $0 == " " || $0 == "\t" } }

  private mutating func atEnd() -> Bool {
    skipSpace()
    return rest.isEmpty
  }

  private mutating func word() -> Substring {
    skipSpace()
    let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_+-.".contains($0)) }
    rest = rest.dropFirst(word.count)
    return word
  }

  private mutating func value(depth: Int) -> BusValue? {
    skipSpace()
    guard depth < 8, let first = rest.first else { return nil }
    if first == "'" || first == "\"" { return quoted().map { .string($0) } }
    if first == "[" { return array(depth) }
    let word = word()
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "objectpath":
      skipSpace()
      return quoted().map { .objectPath($0) }
    case "byte": return UInt8(self.word()).map { .byte($0) }
    case "int16": return Int16(self.word()).map { .int16($0) }
    case "uint16": return UInt16(self.word()).map { .uint16($0) }
    case "int32": return Int32(self.word()).map { .int32($0) }
    case "uint32": return UInt32(self.word()).map { .uint32($0) }
    case "int64": return Int64(self.word()).map { .int64($0) }
    case "uint64": return UInt64(self.word()).map { .uint64($0) }
    case "double": return Double(self.word()).map { .double($0) }
    default:
      if let number = Int32(word) { return .int32(number) }
      return word.contains(".") ? Double(word).map { .double($0) } : nil
    }
  }

  private mutating func quoted() -> String? {
    guard let quote = rest.popFirst(), quote == "'" || quote == "\"" else { return nil }
    var text = ""
    while let character = rest.popFirst() {
      if character == quote { return text }
      if character != "\\" {
        text.append(character)
        continue
      }
      switch rest.popFirst() {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case let other?: text.append(other)
      case nil: return nil
      }
    }
    return nil
  }

  private mutating func array(_ depth: Int) -> BusValue? {
    rest = rest.dropFirst()
    var values: [BusValue] = []
    while true {
      skipSpace()
      if rest.first == "]" { break }
      guard let value = value(depth: depth + 1),
        values.first.map({ $0.signature == value.signature }) ?? true
      else { return nil }
      values.append(value)
      skipSpace()
      if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "]" { return nil }
    }
    rest = rest.dropFirst()
    return values.first.map { .array(of: $0.signature, values) }
  }
}

extension UnitProperty {
  /// What annotations that ask for a property begin with.
  public static let annotationPrefix = "org.systemd.property."

  /// The properties that a container's annotations ask for.
  ///
  /// `TimeoutStopSec` and the like, which unit files have, become `…USec` with microseconds.
  public static func asked(by annotations: [String: String]) throws(BusError) -> [UnitProperty] {
    var found: [UnitProperty] = []
    for (key, text) in annotations.sorted(by: { $0.key < $1.key })
    where key.hasPrefix(annotationPrefix) {
      let name = key.dropFirst(annotationPrefix.count)
      guard let first = name.first, first.isASCII, first.isUppercase,
        name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
      else { throw .property(key, "`\(name)` is not the name of a unit's property") }
      let value = try PropertyText.value(text, of: key)
      if name.hasSuffix("Sec"), !name.hasSuffix("USec"), let seconds = value.seconds {
        guard seconds >= 0, seconds < 1e12 else { throw .property(key, "is out of range") }
        found.append(
          UnitProperty("\(name.dropLast(3))USec", .uint64(UInt64(seconds * 1_000_000))))
      } else {
        found.append(UnitProperty(String(name), value))
      }
    }
    return found
  }
}

extension BusValue {
  fileprivate var seconds: Double? {
    switch self {
    case .int32(let number): Double(number)
    case .uint32(let number): Double(number)
    case .int64(let number): Double(number)
    case .uint64(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }
}
