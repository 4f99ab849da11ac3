/// What a format template may look at: the shape Go's templates see, without reflection.
public enum TemplateValue: Sendable {
  /// Prints `<nil>`.
  case null
  /// What a missing key of a map gives; prints `<no value>`.
  case missing
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case list([TemplateValue])
  /// Any keys; shown in the keys' byte order. A missing key is no error.
  case map([(String, TemplateValue)])
  /// Fixed fields; shown in this order. An unknown field is an error.
  case object(TemplateObject)

  public static func object(_ fields: [(String, TemplateValue)]) -> TemplateValue {
    .object(TemplateObject(fields))
  }

  public static func strings(_ texts: [String]) -> TemplateValue {
    .list(texts.map { .string($0) })
  }

  /// The name of the kind, for error texts and `%!d(string=x)`.
  var kind: String {
    switch self {
    case .null, .missing: "nil"
    case .bool: "bool"
    case .int: "int"
    case .double: "float64"
    case .string: "string"
    case .list: "list"
    case .map: "map"
    case .object: "object"
    }
  }

  var isTrue: Bool {
    switch self {
    case .null, .missing: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .string(let value): !value.isEmpty
    case .list(let items): !items.isEmpty
    case .map(let pairs): !pairs.isEmpty
    case .object: true
    }
  }
}

/// A record with named fields, and methods for what takes arguments or is dear to compute.
public struct TemplateObject: Sendable {
  public typealias Method = @Sendable ([TemplateValue]) throws(UsageError) -> TemplateValue

  public var fields: [(String, TemplateValue)]
  public var methods: [(String, Method)]

  public init(_ fields: [(String, TemplateValue)], methods: [(String, Method)] = []) {
    self.fields = fields
    self.methods = methods
  }

  /// Exactly this name first, then the other spelling of "Id" and "ID".
  func field(_ name: String) -> TemplateValue? {
    if let found = fields.first(where: { $0.0 == name }) { return found.1 }
    guard let other = Self.otherSpelling(name) else { return nil }
    return fields.first { $0.0 == other }?.1
  }

  func method(_ name: String) -> Method? {
    if let found = methods.first(where: { $0.0 == name }) { return found.1 }
    guard let other = Self.otherSpelling(name) else { return nil }
    return methods.first { $0.0 == other }?.1
  }

  private static func otherSpelling(_ name: String) -> String? {
    if name.hasSuffix("Id") { return name.dropLast(2) + "ID" }
    if name.hasSuffix("ID") { return name.dropLast(2) + "Id" }
    return nil
  }
}

extension TemplateValue: Equatable {
  /// Methods do not count; maps are equal in any order of keys.
  public static func == (left: TemplateValue, right: TemplateValue) -> Bool {
    switch (left, right) {
    case (.null, .null), (.missing, .missing): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.list(let a), .list(let b)): a == b
    case (.map(let a), .map(let b)):
      sortedPairs(a).elementsEqual(sortedPairs(b)) { $0.0 == $1.0 && $0.1 == $1.1 }
    case (.object(let a), .object(let b)):
      a.fields.elementsEqual(b.fields) { $0.0 == $1.0 && $0.1 == $1.1 }
    default: false
    }
  }

  /// By bytes, as Go sorts.
  static func sortedPairs(_ pairs: [(String, TemplateValue)]) -> [(String, TemplateValue)] {
    pairs.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
  }
}
