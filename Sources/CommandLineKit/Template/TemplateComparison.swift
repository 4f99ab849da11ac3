/// eq, lt and what follows from them, with Go's rule that kinds do not mix.
enum TemplateComparison {
  static func equalsAny(_ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    for other in values.dropFirst() where try equal(values[0], other) {
      return .bool(true)
    }
    return .bool(false)
  }

  static func equal(_ left: TemplateValue, _ right: TemplateValue) throws(UsageError) -> Bool {
    switch (left, right) {
    case (.null, .null), (.missing, .missing), (.null, .missing), (.missing, .null): return true
    case (.null, _), (_, .null), (.missing, _), (_, .missing): return false
    case (.bool, .bool), (.int, .int), (.double, .double): return left == right
    case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
    case (.list, _), (.map, _), (.object, _), (_, .list), (_, .map), (_, .object):
      throw UsageError("template: non-comparable type for comparison")
    default: throw incompatible
    }
  }

  static func less(_ left: TemplateValue, _ right: TemplateValue) throws(UsageError) -> Bool {
    switch (left, right) {
    case (.int(let a), .int(let b)): return a < b
    case (.double(let a), .double(let b)): return a < b
    case (.string(let a), .string(let b)): return a.utf8.lexicographicallyPrecedes(b.utf8)
    case (.bool, _), (.list, _), (.map, _), (.object, _), (.null, _), (.missing, _):
      throw UsageError("template: invalid type for comparison")
    default: throw incompatible
    }
  }

  private static var incompatible: UsageError {
    UsageError("template: incompatible types for comparison")
  }
}
