// What the standard library's functions of this name give. Those are generic code that is not
// specialized: their first call looks up an array's conformances at run time, for some 0.1 ms.

extension Array<String> {
  public func joined(separator: String = "") -> String {
    guard var text = first else { return "" }
    for part in dropFirst() {
      text += separator
      text += part
    }
    return text
  }
}

extension Array<Substring> {
  public func joined(separator: String = "") -> String {
    map { String($0) }.joined(separator: separator)
  }
}
