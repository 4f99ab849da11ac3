/// Reads TOML by recursive descent over the bytes.
struct TOMLParser {
  var bytes: [UInt8]
  var position = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func parse() throws(TOMLError) -> TOMLValue {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TOMLError(line: 1, reason: "the file is not UTF-8")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let root = TOMLTable(.header)
    var current = root
    while true {
      try skipBlank()
      guard let byte = peek else { return root.value }
      if byte == UInt8(ascii: "[") {
        current = try header(root)
      } else {
        let path = try keyPath()
        try expect("=", after: "a key")
        skipSpaces()
        let value = try value()
        guard current.set(path, value) else {
          throw failure("the key \(path.joined(separator: ".")) is there twice")
        }
      }
      try endLine()
    }
  }

  private mutating func header(_ root: TOMLTable) throws(TOMLError) -> TOMLTable {
    position += 1
    let isArray = peek == UInt8(ascii: "[")
    if isArray { position += 1 }
    let path = try keyPath()
    try expect("]", after: "the name of a table")
    if isArray {
      guard peek == UInt8(ascii: "]") else { throw failure("expected ]] after the name") }
      position += 1
    }
    var table = root
    for key in path.dropLast() {
      guard let next = table.descend(key) else { throw failure("\(key) is not a table") }
      table = next
    }
    let last = path[path.count - 1]
    guard let opened = isArray ? table.append(last) : table.open(last) else {
      throw failure("the table \(path.joined(separator: ".")) is there twice")
    }
    return opened
  }

  // MARK: Keys

  private mutating func keyPath() throws(TOMLError) -> [String] {
    var path: [String] = []
    while true {
      skipSpaces()
      path.append(try key())
      guard path.count <= TOMLValue.depthLimit else { throw failure("the key has too many parts") }
      skipSpaces()
      guard peek == UInt8(ascii: ".") else { return path }
      position += 1
    }
  }

  private mutating func key() throws(TOMLError) -> String {
    if peek == UInt8(ascii: "\"") { return try basicString() }
    if peek == UInt8(ascii: "'") { return try literalString() }
    let start = position
    while let byte = peek, Self.isBare(byte) { position += 1 }
    guard position > start else { throw failure("expected a key") }
    return text(start..<position)
  }

  static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }

  // MARK: Values

  private mutating func value() throws(TOMLError) -> TOMLValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TOMLValue.depthLimit else { throw failure("values are nested too deep") }
    switch peek {
    case UInt8(ascii: "\"")?:
      return .string(try startsWith("\"\"\"") ? multilineBasic() : basicString())
    case UInt8(ascii: "'")?:
      return .string(try startsWith("'''") ? multilineLiteral() : literalString())
    case UInt8(ascii: "[")?: return try array()
    case UInt8(ascii: "{")?: return try inlineTable()
    default: return try scalar()
    }
  }

  private mutating func array() throws(TOMLError) -> TOMLValue {
    position += 1
    var list: [TOMLValue] = []
    while true {
      try skipBlank()
      if peek == UInt8(ascii: "]") { break }
      list.append(try value())
      try skipBlank()
      if peek == UInt8(ascii: ",") {
        position += 1
      } else if peek != UInt8(ascii: "]") {
        throw failure("expected , or ] in an array")
      }
    }
    position += 1
    return .array(list)
  }

  private mutating func inlineTable() throws(TOMLError) -> TOMLValue {
    position += 1
    let table = TOMLTable(.header)
    skipSpaces()
    if peek == UInt8(ascii: "}") {
      position += 1
      return table.value
    }
    while true {
      let path = try keyPath()
      try expect("=", after: "a key")
      skipSpaces()
      let value = try value()
      guard table.set(path, value) else {
        throw failure("the key \(path.joined(separator: ".")) is there twice")
      }
      skipSpaces()
      let byte = peek
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else {
        throw failure("expected , or } in a table")
      }
      position += 1
      if byte == UInt8(ascii: "}") { return table.value }
    }
  }

  /// Everything without quotes or brackets: a word up to the next separator.
  private mutating func scalar() throws(TOMLError) -> TOMLValue {
    let start = position
    while let byte = peek, Self.isBare(byte) || "+.:".utf8.contains(byte) { position += 1 }
    // A date and a time may have a space between them.
    if position - start == 10, bytes[start + 4] == UInt8(ascii: "-"), peek == 0x20,
      position + 1 < bytes.count, (0x30...0x39).contains(bytes[position + 1])
    {
      position += 1
      while let byte = peek, Self.isBare(byte) || "+.:".utf8.contains(byte) { position += 1 }
    }
    let word = text(start..<position)
    guard !word.isEmpty else { throw failure("expected a value") }
    guard let value = TOMLScalar.read(word) else { throw failure("\(word) is not a value") }
    return value
  }

  // MARK: Bytes

  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  func startsWith(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  func failure(_ reason: String) -> TOMLError {
    let line = bytes.prefix(position).count { $0 == 0x0A } + 1
    return TOMLError(line: line, reason: reason)
  }

  private mutating func expect(_ mark: Character, after what: String) throws(TOMLError) {
    skipSpaces()
    guard peek == mark.asciiValue else { throw failure("expected \(mark) after \(what)") }
    position += 1
  }

  private mutating func skipSpaces() {
    while let byte = peek, byte == 0x20 || byte == 0x09 { position += 1 }
  }

  /// Spaces, line ends and comments.
  private mutating func skipBlank() throws(TOMLError) {
    while let byte = peek {
      switch byte {
      case 0x20, 0x09, 0x0A: position += 1
      case 0x0D where position + 1 < bytes.count && bytes[position + 1] == 0x0A: position += 2
      case UInt8(ascii: "#"): try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(TOMLError) {
    while let byte = peek, byte != 0x0A {
      let isLineEnd =
        byte == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
      guard byte >= 0x20 && byte != 0x7F || byte == 0x09 || isLineEnd else {
        throw failure("a comment has a control character")
      }
      position += 1
    }
  }

  private mutating func endLine() throws(TOMLError) {
    skipSpaces()
    if peek == UInt8(ascii: "#") { try skipComment() }
    if peek == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
    guard let byte = peek else { return }
    guard byte == 0x0A else { throw failure("expected the end of the line") }
    position += 1
  }
}
