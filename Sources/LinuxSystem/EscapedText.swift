extension Substring {
  /// The text with each escaped byte in the place of its escape, such as `\\040` or `%20`.
  ///
  /// An escape is `mark` and exactly `digits` digits of `radix`, for a value of at most 255; what is
  /// none stays as it is.
  package func decodingEscapes(mark: UInt8, digits: Int, radix: Int) -> String {
    var bytes: [UInt8] = []
    var rest = utf8
    while let byte = rest.popFirst() {
      let text = rest.prefix(digits)
      // A sign is a number's to UInt8.
      if byte == mark, text.count == digits, text.first != UInt8(ascii: "+"),
        text.first != UInt8(ascii: "-"),
        let code = UInt8(String(decoding: text, as: UTF8.self), radix: radix)
      {
        bytes.append(code)
        rest = rest.dropFirst(digits)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
