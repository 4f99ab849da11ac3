/// A regular expression as filters of names take them (the common part of RE2's syntax).
///
/// Literals, `.`, `^`, `$`, classes such as `[a-z0-9_]` and `\d`, groups, `|`, `*`, `+`, `?` and
/// `{m,n}`. It matches anywhere in a text, in time proportional to text times pattern: all ways
/// through the pattern are followed at once, so no pattern can make it slow.
public struct TextPattern: Sendable {
  /// What one step of the compiled pattern does.
  enum Step: Sendable {
    case scalar(ClosedRange<UInt32>)
    case set([ClosedRange<UInt32>], negated: Bool)
    case start
    case end
    case jump(Int)
    case split(Int, Int)
    case match
  }

  private let steps: [Step]

  /// Nil when the text is not a pattern, or a pattern of more than 10,000 steps.
  public init?(_ text: String) {
    var parser = TextPatternParser(text)
    guard let tree = parser.parse() else { return nil }
    var steps: [Step] = []
    guard tree.compile(into: &steps) else { return nil }
    steps.append(.match)
    self.steps = steps
  }

  /// Whether the pattern matches somewhere in `text`.
  public func matches(_ text: String) -> Bool {
    let scalars = text.unicodeScalars.map(\.value)
    var current = Threads(count: steps.count)
    for position in 0...scalars.count {
      if add(0, at: position, of: scalars.count, to: &current) { return true }
      guard position < scalars.count else { return false }
      var next = Threads(count: steps.count)
      for step in current.list where consumes(steps[step], scalars[position]) {
        if add(step + 1, at: position + 1, of: scalars.count, to: &next) { return true }
      }
      current = next
    }
    return false
  }

  private struct Threads {
    var list: [Int] = []
    var seen: [Bool]

    init(count: Int) { seen = [Bool](repeating: false, count: count) }
  }

  /// Follows everything that needs no character; whether that is a match.
  private func add(_ first: Int, at position: Int, of count: Int, to threads: inout Threads)
    -> Bool
  {
    var pending = [first]
    while let step = pending.popLast() {
      if threads.seen[step] { continue }
      threads.seen[step] = true
      switch steps[step] {
      case .match: return true
      case .jump(let target): pending.append(target)
      case .split(let one, let other): pending += [one, other]
      case .start: if position == 0 { pending.append(step + 1) }
      case .end: if position == count { pending.append(step + 1) }
      case .scalar, .set: threads.list.append(step)
      }
    }
    return false
  }

  private func consumes(_ step: Step, _ scalar: UInt32) -> Bool {
    switch step {
    case .scalar(let range): range.contains(scalar)
    case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
    default: false
    }
  }
}

/// A pattern's structure.
indirect enum TextPatternTree {
  case empty
  case step(TextPattern.Step)
  case sequence([TextPatternTree])
  case either([TextPatternTree])
  case repeated(TextPatternTree, least: Int, most: Int?)

  private static let limit = 10_000

  /// False when there are too many steps.
  func compile(into steps: inout [TextPattern.Step]) -> Bool {
    guard steps.count < Self.limit else { return false }
    switch self {
    case .empty: return true
    case .step(let step):
      steps.append(step)
      return true
    case .sequence(let parts):
      for part in parts where !part.compile(into: &steps) { return false }
      return true
    case .either(let choices): return Self.compile(choices[...], &steps)
    case .repeated(let part, let least, let most):
      for _ in 0..<least where !part.compile(into: &steps) { return false }
      guard let most else { return Self.compileLoop(part, &steps) }
      for _ in least..<max(least, most) {
        let split = steps.count
        steps.append(.jump(0))
        guard part.compile(into: &steps) else { return false }
        steps[split] = .split(split + 1, steps.count)
      }
      return true
    }
  }

  private static func compile(_ choices: ArraySlice<Self>, _ steps: inout [TextPattern.Step])
    -> Bool
  {
    guard let first = choices.first else { return true }
    if choices.count == 1 { return first.compile(into: &steps) }
    let split = steps.count
    steps.append(.jump(0))
    guard first.compile(into: &steps) else { return false }
    let jump = steps.count
    steps.append(.jump(0))
    steps[split] = .split(split + 1, steps.count)
    guard compile(choices.dropFirst(), &steps) else { return false }
    steps[jump] = .jump(steps.count)
    return true
  }

  private static func compileLoop(_ part: Self, _ steps: inout [TextPattern.Step]) -> Bool {
    let split = steps.count
    steps.append(.jump(0))
    guard part.compile(into: &steps) else { return false }
    steps.append(.jump(split))
    steps[split] = .split(split + 1, steps.count)
    return true
  }
}
