/// index, slice and len.
enum TemplateIndexing {
  static func index(_ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    var value = values[0]
    for key in values.dropFirst() { value = try element(of: value, at: key) }
    return value
  }

  private static func element(
    of value: TemplateValue, at key: TemplateValue
  ) throws(UsageError) -> TemplateValue {
    switch value {
    case .list(let items):
      return items[try position(key, below: items.count)]
    case .string(let text):
      let bytes = Array(text.utf8)
      return .int(Int64(bytes[try position(key, below: bytes.count)]))
    case .map(let pairs):
      let name = try TemplateFunctions.text(key, "index")
      if let found = pairs.last(where: { $0.0 == name }) { return found.1 }
      // A Go map of strings gives its zero value, a map of anything gives nil.
      let textsOnly = pairs.allSatisfy { if case .string = $0.1 { true } else { false } }
      return textsOnly ? .string("") : .missing
    case .null:
      // A nil map in Go: any key gives the zero value.
      _ = try TemplateFunctions.text(key, "index")
      return .string("")
    case .missing:
      throw UsageError("template: error calling index: index of untyped nil")
    default:
      throw UsageError("template: error calling index: can't index item of type \(value.kind)")
    }
  }

  private static func position(_ key: TemplateValue, below count: Int) throws(UsageError) -> Int {
    let number = try TemplateFunctions.int(key, "index")
    guard number >= 0, number < Int64(count) else {
      throw UsageError("template: error calling index: index out of range: \(number)")
    }
    return Int(number)
  }

  static func slice(_ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    let count: Int
    switch values[0] {
    case .list(let items): count = items.count
    case .string(let text):
      if values.count == 4 { throw UsageError("template: cannot 3-index slice a string") }
      count = text.utf8.count
    default: throw UsageError("template: can't slice item of type \(values[0].kind)")
    }
    var bounds = [0, count]
    for (index, value) in values.dropFirst().enumerated() {
      let number = try TemplateFunctions.int(value, "slice")
      guard number >= 0, number <= Int64(count) else {
        throw UsageError("template: error calling slice: index out of range: \(number)")
      }
      if index < 2 { bounds[index] = Int(number) }
    }
    guard bounds[0] <= bounds[1] else {
      throw UsageError(
        "template: error calling slice: invalid slice index: \(bounds[0]) > \(bounds[1])")
    }
    switch values[0] {
    case .list(let items): return .list(Array(items[bounds[0]..<bounds[1]]))
    case .string(let text):
      let bytes = Array(text.utf8)[bounds[0]..<bounds[1]]
      return .string(String(decoding: bytes, as: UTF8.self))
    default: return .null
    }
  }

  static func length(_ value: TemplateValue) throws(UsageError) -> TemplateValue {
    switch value {
    case .string(let text): .int(Int64(text.utf8.count))
    case .list(let items): .int(Int64(items.count))
    case .map(let pairs): .int(Int64(pairs.count))
    case .null, .missing: .int(0)
    default: throw UsageError("template: error calling len: len of type \(value.kind)")
    }
  }
}
