/// printf with Go's verbs; mistakes are written into the text as Go does, never thrown.
struct GoPrintf {
  private struct Directive {
    var minus = false
    var plus = false
    var sharp = false
    var space = false
    var zero = false
    var width: Int?
    var precision: Int?
    var verb: Unicode.Scalar = "v"
  }

  private let format: [Unicode.Scalar]
  private var position = 0
  private var arguments: ArraySlice<TemplateValue>
  private var output = ""

  static func format(_ format: String, _ arguments: [TemplateValue]) -> String {
    var printer = GoPrintf(
      format: Array(format.unicodeScalars), arguments: arguments[...])
    printer.run()
    return printer.output
  }

  private init(format: [Unicode.Scalar], arguments: ArraySlice<TemplateValue>) {
    self.format = format
    self.arguments = arguments
  }

  private mutating func run() {
    while position < format.count {
      let scalar = format[position]
      position += 1
      if scalar == "%" { directive() } else { output.unicodeScalars.append(scalar) }
    }
    if arguments.isEmpty { return }
    let extra = arguments.map { "\($0.kind)=\(GoFormat.text($0))" }
    output += "%!(EXTRA " + extra.joined(separator: ", ") + ")"
  }

  private mutating func directive() {
    var directive = Directive()
    flags(&directive)
    directive.width = number { $0 += "%!(BADWIDTH)" }
    if let width = directive.width, width < 0 {
      directive.minus = true
      directive.width = -width
    }
    if position < format.count, format[position] == "." {
      position += 1
      directive.precision = max(0, number { $0 += "%!(BADPREC)" } ?? 0)
    }
    guard position < format.count else { return output += "%!(NOVERB)" }
    directive.verb = format[position]
    position += 1
    if directive.verb == "%" { return output += "%" }
    guard let value = arguments.popFirst() else {
      return output += "%!\(directive.verb)(MISSING)"
    }
    output += Self.text(value, directive, depth: 0)
  }

  private mutating func flags(_ directive: inout Directive) {
    while position < format.count {
      switch format[position] {
      case "-": directive.minus = true
      case "+": directive.plus = true
      case "#": directive.sharp = true
      case " ": directive.space = true
      case "0": directive.zero = true
      default: return
      }
      position += 1
    }
  }

  /// Digits, or `*` for the next argument.
  private mutating func number(bad: (inout String) -> Void) -> Int? {
    if position < format.count, format[position] == "*" {
      position += 1
      if case .int(let value)? = arguments.popFirst(), value.magnitude <= TemplateLimit.width {
        return Int(value)
      }
      bad(&output)
      return nil
    }
    var value: Int?
    while position < format.count, ("0"..."9").contains(format[position]) {
      value = min((value ?? 0) * 10 + Int(format[position].value - 0x30), TemplateLimit.width + 1)
      position += 1
    }
    if let value, value > TemplateLimit.width {
      bad(&output)
      return nil
    }
    return value
  }

  // MARK: one value

  private static func text(_ value: TemplateValue, _ directive: Directive, depth: Int) -> String {
    if directive.verb == "T" { return padded(value.kind, directive) }
    switch value {
    case .list(let items) where depth < TemplateLimit.depth:
      let parts = items.map { text($0, directive, depth: depth + 1) }
      return "[" + parts.joined(separator: " ") + "]"
    case .map(let pairs) where depth < TemplateLimit.depth:
      let parts = TemplateValue.sortedPairs(pairs).map { key, value in
        text(.string(key), directive, depth: depth) + ":" + text(value, directive, depth: depth + 1)
      }
      return "map[" + parts.joined(separator: " ") + "]"
    case .object(let object) where depth < TemplateLimit.depth:
      let parts = object.fields.map { name, value in
        (directive.verb == "v" && directive.plus ? name + ":" : "")
          + text(value, directive, depth: depth + 1)
      }
      return "{" + parts.joined(separator: " ") + "}"
    case .string(let string): return self.string(string, directive)
    case .int(let int): return integer(int, directive)
    case .double(let double): return floating(double, directive)
    case .bool(let bool):
      if directive.verb != "v", directive.verb != "t" { return wrong(value, directive) }
      return padded(bool ? "true" : "false", directive)
    default:
      if directive.verb != "v" { return "%!\(directive.verb)(<nil>)" }
      return padded("<nil>", directive)
    }
  }

  private static func wrong(_ value: TemplateValue, _ directive: Directive) -> String {
    "%!\(directive.verb)(\(value.kind)=\(GoFormat.text(value)))"
  }

  private static func string(_ string: String, _ directive: Directive) -> String {
    var text = string
    let limited = directive.precision.map {
      String(String.UnicodeScalarView(string.unicodeScalars.prefix($0)))
    }
    switch directive.verb {
    case "s": text = limited ?? string
    case "v": text = directive.sharp ? GoFormat.quoted(string) : limited ?? string
    case "q": text = GoFormat.quoted(limited ?? string)
    case "x", "X":
      text = string.utf8.map { hex(UInt64($0), width: 2, upper: directive.verb == "X") }.joined()
    default: return wrong(.string(string), directive)
    }
    return padded(text, directive)
  }

  private static func hex(_ value: UInt64, width: Int, upper: Bool) -> String {
    let digits = String(value, radix: 16, uppercase: upper)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  private static func integer(_ value: Int64, _ directive: Directive) -> String {
    let radix: Int
    var prefix = ""
    switch directive.verb {
    case "d", "v": radix = 10
    case "b": (radix, prefix) = (2, directive.sharp ? "0b" : "")
    case "o": (radix, prefix) = (8, directive.sharp ? "0" : "")
    case "O": (radix, prefix) = (8, "0o")
    case "x": (radix, prefix) = (16, directive.sharp ? "0x" : "")
    case "X": (radix, prefix) = (16, directive.sharp ? "0X" : "")
    case "c", "q", "U": return character(value, directive)
    default: return wrong(.int(value), directive)
    }
    var digits = String(value.magnitude, radix: radix, uppercase: directive.verb == "X")
    if let precision = directive.precision {
      digits = String(repeating: "0", count: max(0, precision - digits.utf8.count)) + digits
    }
    let sign = value < 0 ? "-" : directive.plus ? "+" : directive.space ? " " : ""
    return signed(sign + prefix, digits, directive, zero: directive.precision == nil)
  }

  private static func character(_ value: Int64, _ directive: Directive) -> String {
    if directive.verb == "U" {
      return padded("U+" + hex(UInt64(bitPattern: value), width: 4, upper: true), directive)
    }
    let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
    if directive.verb == "c" { return padded(String(scalar), directive) }
    let quoted =
      scalar == "'"
      ? "\\'"
      : scalar == "\"" ? "\"" : String(GoFormat.quoted(String(scalar)).dropFirst().dropLast())
    return padded("'" + quoted + "'", directive)
  }

  private static func floating(_ value: Double, _ directive: Directive) -> String {
    var text: String
    switch directive.verb {
    case "f", "F": text = GoNumber.fixed(value, precision: directive.precision ?? 6)
    case "e": text = GoNumber.scientific(value, precision: directive.precision ?? 6)
    case "E": text = GoNumber.scientific(value, precision: directive.precision ?? 6).uppercased()
    case "g", "G", "v":
      guard let precision = directive.precision else {
        text = GoNumber.general(value)
        break
      }
      text = GoNumber.significant(value, digits: precision)
    default: return wrong(.double(value), directive)
    }
    var sign = directive.plus ? "+" : directive.space ? " " : ""
    if text.first == "-" || text.first == "+" {
      sign = text.first == "-" ? "-" : sign
      text.removeFirst()
    }
    if !value.isFinite, sign.isEmpty, value > 0 { sign = "+" }
    return signed(sign, text, directive, zero: value.isFinite)
  }

  private static func signed(
    _ sign: String, _ digits: String, _ directive: Directive, zero: Bool
  ) -> String {
    guard zero, directive.zero, !directive.minus, let width = directive.width else {
      return padded(sign + digits, directive, zero: false)
    }
    let count = max(0, width - sign.utf8.count - digits.utf8.count)
    return sign + String(repeating: "0", count: count) + digits
  }

  private static func padded(_ text: String, _ directive: Directive, zero: Bool = true) -> String {
    let missing = (directive.width ?? 0) - text.unicodeScalars.count
    if missing <= 0 { return text }
    if directive.minus { return text + String(repeating: " ", count: missing) }
    return String(repeating: zero && directive.zero ? "0" : " ", count: missing) + text
  }
}
