/// Cuts a template into tokens, trims (`{{-`, `-}}`) and comments already taken out.
struct TemplateLexer {
  private let bytes: [UInt8]
  private var position = 0
  private var tokens: [TemplateToken] = []
  private var trimsNextText = false

  init(_ text: String) { bytes = Array(text.utf8) }

  static func tokens(_ text: String) throws(UsageError) -> [TemplateToken] {
    var lexer = TemplateLexer(text)
    while lexer.position < lexer.bytes.count {
      lexer.readText()
      if lexer.position < lexer.bytes.count { try lexer.readAction() }
    }
    return lexer.tokens
  }

  private func starts(_ text: StaticString, at offset: Int) -> Bool {
    let wanted = Array(text.description.utf8)
    return offset + wanted.count <= bytes.count
      && bytes[offset..<offset + wanted.count].elementsEqual(wanted)
  }

  private mutating func readText() {
    let start = position
    while position < bytes.count, !starts("{{", at: position) { position += 1 }
    var text = bytes[start..<position]
    if trimsNextText { text = text.drop(while: isSpace) }
    trimsNextText = false
    if starts("{{-", at: position), position + 3 < bytes.count, isSpace(bytes[position + 3]) {
      while let last = text.last, isSpace(last) { text.removeLast() }
    }
    if !text.isEmpty { add(.text(String(decoding: text, as: UTF8.self)), start) }
  }

  private mutating func readAction() throws(UsageError) {
    let start = position
    position += 2
    if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "-"),
      isSpace(bytes[position + 1])
    {
      position += 1
    }
    if try skipComment() { return }
    add(.open, start)
    while true {
      let before = position
      while position < bytes.count, isSpace(bytes[position]) { position += 1 }
      let spaced = position > before
      guard position < bytes.count else { throw error("unclosed action", start) }
      if starts("}}", at: position) || (spaced && starts("-}}", at: position)) {
        trimsNextText = bytes[position] == UInt8(ascii: "-")
        add(.close, position)
        position += trimsNextText ? 3 : 2
        return
      }
      try readToken(spaced: spaced)
    }
  }

  private mutating func skipComment() throws(UsageError) -> Bool {
    var start = position
    while start < bytes.count, isSpace(bytes[start]) { start += 1 }
    guard starts("/*", at: start) else { return false }
    position = start + 2
    while position < bytes.count, !starts("*/", at: position) { position += 1 }
    guard position < bytes.count else { throw error("unclosed comment", start) }
    position += 2
    let end = position
    while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    if position > end, starts("-}}", at: position) {
      trimsNextText = true
      position += 3
    } else if starts("}}", at: position) {
      position += 2
    } else {
      throw error("comment ends before closing delimiter", start)
    }
    return true
  }

  private mutating func readToken(spaced: Bool) throws(UsageError) {
    let start = position
    let byte = bytes[position]
    position += 1
    let next = position < bytes.count ? bytes[position] : 0
    let kind: TemplateToken.Kind
    switch byte {
    case UInt8(ascii: "|"): kind = .pipe
    case UInt8(ascii: ","): kind = .comma
    case UInt8(ascii: "("): kind = .leftParenthesis
    case UInt8(ascii: ")"): kind = .rightParenthesis
    case UInt8(ascii: "="): kind = .assign
    case UInt8(ascii: ":") where next == UInt8(ascii: "="):
      position += 1
      kind = .declare
    case UInt8(ascii: "\""): kind = .string(try quoted(start, byte))
    case UInt8(ascii: "`"): kind = .string(try raw(start))
    case UInt8(ascii: "'"): kind = try character(start)
    case UInt8(ascii: "$"): kind = .variable("$" + word())
    case UInt8(ascii: ".") where !isDigit(next):
      kind = isLetter(next) ? .field(word()) : .dot
    case _ where isLetter(byte):
      position = start
      kind = .identifier(word())
    case _ where isDigit(byte) || "+-.".utf8.contains(byte):
      kind = try number(start)
    default:
      throw error("unexpected character '\(scalar(at: start))' in action", start)
    }
    tokens.append(TemplateToken(kind: kind, spaced: spaced, offset: start))
  }

  private func scalar(at offset: Int) -> String {
    let text = String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self)
    return text.unicodeScalars.first.map { terminalSafe(String($0)) } ?? ""
  }

  private mutating func word() -> String {
    let start = position
    while position < bytes.count, isLetter(bytes[position]) || isDigit(bytes[position]) {
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func number(_ start: Int) throws(UsageError) -> TemplateToken.Kind {
    while position < bytes.count {
      let byte = bytes[position]
      let exponentSign =
        "+-".utf8.contains(byte) && "eE".utf8.contains(bytes[position - 1])
        && !(bytes[start..<position].contains(UInt8(ascii: "x")))
      guard isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: ".") || exponentSign else {
        break
      }
      position += 1
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = GoNumber.literal(text) else {
      throw error("bad number syntax: \"\(terminalSafe(text))\"", start)
    }
    return value
  }

  private mutating func raw(_ start: Int) throws(UsageError) -> String {
    let begin = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "`") { position += 1 }
    guard position < bytes.count else { throw error("unterminated raw quoted string", start) }
    defer { position += 1 }
    return String(decoding: bytes[begin..<position], as: UTF8.self)
  }

  private mutating func character(_ start: Int) throws(UsageError) -> TemplateToken.Kind {
    let text = try quoted(start, UInt8(ascii: "'"))
    guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
      throw error("malformed character constant", start)
    }
    return .int(Int64(scalar.value))
  }

  private mutating func quoted(_ start: Int, _ quote: UInt8) throws(UsageError) -> String {
    var value: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      let byte = bytes[position]
      position += 1
      if byte == quote { return String(decoding: value, as: UTF8.self) }
      if byte == UInt8(ascii: "\\") { try escape(start, into: &value) } else { value.append(byte) }
    }
    throw error("unterminated quoted string", start)
  }

  private mutating func escape(_ start: Int, into value: inout [UInt8]) throws(UsageError) {
    guard position < bytes.count else { throw error("unterminated quoted string", start) }
    let byte = bytes[position]
    position += 1
    let simple: [UInt8: UInt8] = [
      0x61: 7, 0x62: 8, 0x66: 12, 0x6e: 10, 0x72: 13, 0x74: 9, 0x76: 11, 0x5c: 0x5c, 0x22: 0x22,
      0x27: 0x27,
    ]
    if let plain = simple[byte] { return value.append(plain) }
    let digits: Int
    switch byte {
    case UInt8(ascii: "x"): digits = 2
    case UInt8(ascii: "u"): digits = 4
    case UInt8(ascii: "U"): digits = 8
    default: throw error("bad escape in quoted string", start)
    }
    let end = position + digits
    guard end <= bytes.count,
      let code = UInt32(String(decoding: bytes[position..<end], as: UTF8.self), radix: 16)
    else { throw error("bad escape in quoted string", start) }
    position = end
    if digits == 2 { return value.append(UInt8(code)) }
    guard let scalar = Unicode.Scalar(code) else {
      throw error("bad escape in quoted string", start)
    }
    value.append(contentsOf: String(scalar).utf8)
  }

  private mutating func add(_ kind: TemplateToken.Kind, _ offset: Int) {
    tokens.append(TemplateToken(kind: kind, spaced: true, offset: offset))
  }

  private func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }
  private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private func isLetter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || byte >= 0x80 || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
  }

  private func error(_ what: String, _ offset: Int) -> UsageError {
    UsageError("template: \(what) at character \(offset + 1)")
  }
}
