/// Writes a filter anew with the same answer for every system call, and a third of the instructions:
/// the kernel translates and emulates each one whenever a process gets the filter, so `exec` waits
/// for them.
///
/// What a filter says depends on the architecture and the number of the call, which it only compares
/// with constants, until it loads an argument. Between two neighbouring constants nothing can change:
/// walking the filter once for each such interval tells all of its answers. Intervals with the same
/// answer become one, and a binary search finds them; what looks at arguments is taken over as it
/// stands. A filter of another form is left alone.
struct FilterCompaction {
  /// Where a walk ends.
  private enum Outcome: Equatable {
    case action(UInt32)
    /// Arguments decide, in the code from this place on.
    case code(Int)
  }

  private struct Interval: Equatable {
    let start: UInt32
    let outcome: Outcome
  }

  /// A jump that is to lead to `place` of the old filter.
  private struct Way {
    let index: Int
    let place: Int
  }

  private let old: [FilterInstruction]
  private var new: [FilterInstruction] = []
  private var ways: [Way] = []

  private init(_ old: [FilterInstruction]) { self.old = old }

  /// The filter as struct sock_filter[], never longer than it was.
  static func compact(_ bytes: [UInt8]) -> [UInt8] {
    guard let new = rewritten(bytes), new.count < bytes.count else { return bytes }
    return new
  }

  /// The same, however long it has become; nil for a filter of another form.
  static func rewritten(_ bytes: [UInt8]) -> [UInt8]? {
    guard let old = FilterInstruction.list(bytes) else { return nil }
    var compaction = FilterCompaction(old)
    return compaction.rewrite() ? compaction.new.flatMap(\.bytes) : nil
  }

  private mutating func rewrite() -> Bool {
    guard let turns = findTurns() else { return false }
    var blocks: [(start: UInt32, intervals: [Interval])] = []
    for architecture in turns.architecture {
      var intervals: [Interval] = []
      for number in turns.number {
        guard let outcome = walk(architecture, number) else { return false }
        if intervals.last?.outcome != outcome {
          intervals.append(Interval(start: number, outcome: outcome))
        }
      }
      if blocks.last?.intervals == intervals { continue }
      blocks.append((architecture, intervals))
    }
    new = [FilterInstruction(FilterInstruction.load, FilterInstruction.architecture)]
    search(blocks[...], { $0.start }) { compaction, block in
      if block.intervals.count > 1 {
        compaction.new.append(
          FilterInstruction(FilterInstruction.load, FilterInstruction.number))
      }
      compaction.search(block.intervals[...], { $0.start }) { $0.finish($1.outcome) }
    }
    return takeOver()
  }

  /// Appends a binary search among parts that each begin at a value, the first at 0.
  private mutating func search<Part>(
    _ parts: ArraySlice<Part>, _ start: (Part) -> UInt32,
    _ leaf: (inout FilterCompaction, Part) -> Void
  ) {
    guard parts.count > 1, let first = parts.indices.first else {
      return parts.forEach { leaf(&self, $0) }
    }
    let middle = first + parts.count / 2
    let branch = new.count
    new.append(FilterInstruction(FilterInstruction.ifGreaterOrEqual, start(parts[middle])))
    // A comparison reaches 255 instructions; this jump reaches all, and goes where it is not needed.
    new.append(FilterInstruction(FilterInstruction.jump, 0))
    let wayCount = ways.count
    search(parts[..<middle], start, leaf)
    let length = new.count - branch - 2
    if length <= Int(UInt8.max) {
      new.remove(at: branch + 1)
      new[branch].whenTrue = UInt8(length)
      for index in wayCount..<ways.count {
        ways[index] = Way(index: ways[index].index - 1, place: ways[index].place)
      }
    } else {
      new[branch].whenFalse = 1
      new[branch + 1].value = UInt32(length)
    }
    search(parts[middle...], start, leaf)
  }

  private mutating func finish(_ outcome: Outcome) {
    switch outcome {
    case .action(let action): new.append(FilterInstruction(FilterInstruction.end, action))
    case .code(let place):
      ways.append(Way(index: new.count, place: place))
      new.append(FilterInstruction(FilterInstruction.jump, 0))
    }
  }

  /// Appends the code that looks at arguments, in its order, and leads the jumps there.
  private mutating func takeOver() -> Bool {
    var isReached = [Bool](repeating: false, count: old.count)
    for way in ways { isReached[way.place] = true }
    for (place, instruction) in old.enumerated() where isReached[place] {
      guard let next = successors(place, instruction) else { return false }
      for place in next { isReached[place] = true }
    }
    var places = [Int](repeating: -1, count: old.count)
    var length = new.count
    for place in old.indices where isReached[place] {
      places[place] = length
      length += 1
    }
    for way in ways { new[way.index].value = UInt32(places[way.place] - way.index - 1) }
    for (place, instruction) in old.enumerated() where isReached[place] {
      var instruction = instruction
      let here = new.count + 1
      let next = (successors(place, instruction) ?? []).map { places[$0] - here }
      if instruction.code == FilterInstruction.jump { instruction.value = UInt32(next[0]) }
      if next.count == 2 {
        // Leaving code out brings targets nearer, never further away.
        instruction.whenTrue = UInt8(next[0])
        instruction.whenFalse = UInt8(next[1])
      }
      new.append(instruction)
    }
    return true
  }

  /// Where the filter goes on after an instruction; nil for one that it should not have.
  private func successors(_ place: Int, _ instruction: FilterInstruction) -> [Int]? {
    let next: [Int]
    switch instruction.code {
    case FilterInstruction.end: next = []
    case FilterInstruction.load, FilterInstruction.and: next = [place + 1]
    case FilterInstruction.jump: next = [place + 1 + Int(instruction.value)]
    case FilterInstruction.ifEqual, FilterInstruction.ifGreater,
      FilterInstruction.ifGreaterOrEqual, FilterInstruction.ifBits:
      next = [
        place + 1 + Int(instruction.whenTrue), place + 1 + Int(instruction.whenFalse),
      ]
    default: return nil
    }
    return next.allSatisfy { $0 < old.count } ? next : nil
  }

  /// The filter's way for a call, up to its answer or to the first look at an argument.
  private func walk(_ architecture: UInt32, _ number: UInt32) -> Outcome? {
    var accumulator: UInt32?
    var place = 0
    while place < old.count {
      let instruction = old[place]
      switch instruction.code {
      case FilterInstruction.end: return .action(instruction.value)
      case FilterInstruction.load:
        switch instruction.value {
        case FilterInstruction.number: accumulator = number
        case FilterInstruction.architecture: accumulator = architecture
        default: return .code(place)
        }
        place += 1
      case FilterInstruction.jump: place += 1 + Int(instruction.value)
      default:
        guard let accumulator, let holds = instruction.holds(for: accumulator) else { return nil }
        place += 1 + Int(holds ? instruction.whenTrue : instruction.whenFalse)
      }
    }
    return nil
  }

  /// The values of each from which on the filter may answer otherwise, sorted, the first 0.
  ///
  /// Nil where a comparison's subject is not told by the place in the code alone.
  private func findTurns() -> (architecture: [UInt32], number: [UInt32])? {
    // What the accumulator holds before each instruction: an offset, or nil where nobody comes.
    var subjects = [UInt32?](repeating: nil, count: old.count)
    let nothing = UInt32.max
    guard !old.isEmpty else { return nil }
    subjects[0] = nothing
    var architecture: [UInt32] = [0]
    var number: [UInt32] = [0]
    for (place, instruction) in old.enumerated() {
      guard var subject = subjects[place] else { continue }
      guard let next = successors(place, instruction) else { return nil }
      if instruction.code == FilterInstruction.load { subject = instruction.value }
      if subject == FilterInstruction.architecture { architecture += instruction.turns }
      if subject == FilterInstruction.number { number += instruction.turns }
      for place in next {
        // Where ways meet with different subjects, code that loads anew has to follow.
        if let other = subjects[place], other != subject,
          old[place].code != FilterInstruction.load, old[place].code != FilterInstruction.end
        {
          return nil
        }
        subjects[place] = subject
      }
    }
    return (Self.sorted(architecture), Self.sorted(number))
  }

  private static func sorted(_ values: [UInt32]) -> [UInt32] {
    values.sorted().reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }
}
