// The four kinds of strings.
extension TOMLParser {
  mutating func basicString() throws(TOMLError) -> String {
    position += 1
    var result: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: result, as: UTF8.self)
      case UInt8(ascii: "\\"): result += try escape()
      default: result.append(try plain(byte))
      }
    }
    throw failure("a string has no end")
  }

  mutating func literalString() throws(TOMLError) -> String {
    position += 1
    let start = position
    while let byte = peek {
      if byte == UInt8(ascii: "'") {
        position += 1
        return text(start..<position - 1)
      }
      _ = try plain(byte)
    }
    throw failure("a string has no end")
  }

  mutating func multilineBasic() throws(TOMLError) -> String {
    position += 3
    skipFirstLineEnd()
    var result: [UInt8] = []
    while let byte = peek {
      if byte == UInt8(ascii: "\""), startsWith("\"\"\"") {
        result += closing(UInt8(ascii: "\""))
        return String(decoding: result, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") {
        if !skipLineContinuation() { result += try escape() }
      } else {
        result.append(try multilinePlain(byte))
      }
    }
    throw failure("a string has no end")
  }

  mutating func multilineLiteral() throws(TOMLError) -> String {
    position += 3
    skipFirstLineEnd()
    var result: [UInt8] = []
    while let byte = peek {
      if byte == UInt8(ascii: "'"), startsWith("'''") {
        result += closing(UInt8(ascii: "'"))
        return String(decoding: result, as: UTF8.self)
      }
      result.append(try multilinePlain(byte))
    }
    throw failure("a string has no end")
  }

  /// Up to two quotes may stand right before the three that end the string.
  private mutating func closing(_ quote: UInt8) -> [UInt8] {
    var count = 0
    while peek == quote, count < 5 {
      position += 1
      count += 1
    }
    return Array(repeating: quote, count: count - 3)
  }

  private mutating func skipFirstLineEnd() {
    if startsWith("\r\n") {
      position += 2
    } else if peek == 0x0A {
      position += 1
    }
  }

  /// A backslash at the end of a line swallows all white space up to the next text.
  private mutating func skipLineContinuation() -> Bool {
    var end = position + 1
    while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
    guard end < bytes.count, bytes[end] == 0x0A || bytes[end] == 0x0D else { return false }
    while end < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[end]) { end += 1 }
    position = end
    return true
  }

  private mutating func plain(_ byte: UInt8) throws(TOMLError) -> UInt8 {
    guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else {
      throw failure(
        byte == 0x0A ? "a string has no end on its line" : "a string has a control character")
    }
    position += 1
    return byte
  }

  private mutating func multilinePlain(_ byte: UInt8) throws(TOMLError) -> UInt8 {
    if byte == 0x0A || byte == 0x0D && startsWith("\r\n") {
      position += 1
      return byte
    }
    return try plain(byte)
  }

  private mutating func escape() throws(TOMLError) -> [UInt8] {
    position += 1
    guard let byte = peek else { throw failure("a string has no end") }
    position += 1
    switch byte {
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
    case UInt8(ascii: "u"): return try unicode(4)
    case UInt8(ascii: "U"): return try unicode(8)
    default: throw failure("a string has an unknown escape")
    }
  }

  private mutating func unicode(_ digits: Int) throws(TOMLError) -> [UInt8] {
    let end = position + digits
    guard end <= bytes.count, let value = UInt32(text(position..<end), radix: 16),
      bytes[position] != UInt8(ascii: "+"), let scalar = Unicode.Scalar(value)
    else { throw failure("a string has a bad escape") }
    position = end
    return Array(String(Character(scalar)).utf8)
  }
}
