// What `split(separator:)` gives for a separator of ASCII, at a fraction of the cost: by bytes, where that
// goes by grapheme clusters.

extension String {
  public func parts(at separator: UInt8, omittingEmpty: Bool = true) -> [Substring] {
    self[...].parts(at: separator, omittingEmpty: omittingEmpty)
  }

  /// What is before the first `separator`, and what is after it; nil where there is none.
  ///
  /// - Precondition: `separator` is below 128.
  public func cut(at separator: UInt8) -> (before: Substring, after: Substring?) {
    precondition(separator < 0x80)
    guard let index = utf8.firstIndex(of: separator) else { return (self[...], nil) }
    return (self[..<index], self[utf8.index(after: index)...])
  }
}

extension Substring {
  /// - Precondition: `separator` is below 128.
  public func parts(at separator: UInt8, omittingEmpty: Bool = true) -> [Substring] {
    precondition(separator < 0x80)
    var parts: [Substring] = []
    var start = startIndex
    for index in utf8.indices where utf8[index] == separator {
      if start < index || !omittingEmpty { parts.append(self[start..<index]) }
      start = utf8.index(after: index)
    }
    if start < endIndex || !omittingEmpty { parts.append(self[start...]) }
    return parts
  }
}
