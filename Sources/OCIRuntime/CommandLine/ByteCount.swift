/// A number of bytes in words, as runc takes it: `-1`, a whole number, or one with a unit of powers of
/// 1,024 such as `50M`, `1.5g` and `64KiB`.
struct ByteCount {
  let bytes: Int64

  /// nil for other text, and for what does not fit.
  init?(_ text: String) {
    if let number = Int64(text) {
      bytes = number
      return
    }
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    var unit = text.dropFirst(number.count).lowercased()
    if unit.hasSuffix("ib") { unit.removeLast(2) } else if unit.hasSuffix("b") { unit.removeLast() }
    let powers = ["", "k", "m", "g", "t", "p"]
    guard let power = powers.firstIndex(of: unit), number.first != ".", number.last != ".",
      let value = Double(number)
    else { return nil }
    let product = powers[..<power].reduce(value) { all, _ in all * 1_024 }
    guard product < 0x1p63 else { return nil }
    bytes = Int64(product)
  }
}
