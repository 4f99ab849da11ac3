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

  /// What a name stands for.
  public enum Member: Sendable {
    case field(TemplateValue)
    case method(Method)
  }

  private enum Content: Sendable {
    case given(fields: [(String, TemplateValue)], methods: [(String, Method)])
    case record(any TemplateRecord)
  }

  private var content: Content

  public init(_ fields: [(String, TemplateValue)], methods: [(String, Method)] = []) {
    content = .given(fields: fields, methods: methods)
  }

  public init(_ record: any TemplateRecord) { content = .record(record) }

  public var fields: [(String, TemplateValue)] {
    get {
      switch content {
      case .given(let fields, _): return fields
      case .record(let record):
        return record.names.compactMap { name in
          if case .field(let value)? = record.member(name) { (name, value) } else { nil }
        }
      }
    }
    set { content = .given(fields: newValue, methods: methods) }
  }

  private var methods: [(String, Method)] {
    switch content {
    case .given(_, let methods): return methods
    case .record(let record):
      return record.names.compactMap { name in
        if case .method(let method)? = record.member(name) { (name, method) } else { nil }
      }
    }
  }

  /// Of fields and methods.
  var names: [String] {
    switch content {
    case .given(let fields, let methods): fields.map { $0.0 } + methods.map { $0.0 }
    case .record(let record): record.names
    }
  }

  /// Exactly this name first, then the other spelling of "Id" and "ID".
  func member(_ name: String) -> Member? {
    if let found = exactMember(name) { return found }
    return Self.otherSpelling(name).flatMap { exactMember($0) }
  }

  private func exactMember(_ name: String) -> Member? {
    switch content {
    case .given(let fields, let methods):
      if let found = methods.first(where: { $0.0 == name }) { return .method(found.1) }
      return fields.first { $0.0 == name }.map { .field($0.1) }
    case .record(let record): return record.member(name)
    }
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
