import Model

/// How many words a command takes after its options, and what they name.
public struct PositionalRule: Sendable {
  public var minimum: Int
  /// nil: any number.
  public var maximum: Int?
  /// Kind of each word; the last one repeats.
  public var completions: [CompletionKind]

  public init(minimum: Int, maximum: Int?, completions: [CompletionKind]) {
    self.minimum = minimum
    self.maximum = maximum
    self.completions = completions
  }

  public static let none = PositionalRule(minimum: 0, maximum: 0, completions: [])

  public static func exactly(_ count: Int, _ completions: CompletionKind...) -> Self {
    Self(minimum: count, maximum: count, completions: completions)
  }

  public static func atLeast(_ count: Int, _ completions: CompletionKind...) -> Self {
    Self(minimum: count, maximum: nil, completions: completions)
  }

  public static func between(
    _ minimum: Int, _ maximum: Int, _ completions: CompletionKind...
  ) -> Self {
    Self(minimum: minimum, maximum: maximum, completions: completions)
  }

  func completion(at index: Int) -> CompletionKind {
    if let maximum, index >= maximum { return .none }
    return index < completions.count ? completions[index] : completions.last ?? .none
  }

  /// Public for commands whose count depends on their options (`rm --all` takes none).
  public func check(_ count: Int, for path: String) throws(UsageError) {
    guard count < minimum || count > maximum ?? Int.max else { return }
    throw UsageError("\"\(path)\" \(demand)", advice: .help(command: path))
  }

  private var demand: String {
    func arguments(_ count: Int) -> String { "\(count) argument\(count == 1 ? "" : "s")" }
    switch (minimum, maximum) {
    case (0, 0?): return "accepts no arguments"
    case (let low, nil): return "requires at least \(arguments(low))"
    case (let low, let high?) where low == high: return "requires exactly \(arguments(low))"
    case (0, let high?): return "accepts at most \(arguments(high))"
    case (let low, let high?):
      return "requires at least \(low) and at most \(arguments(high))"
    }
  }
}
