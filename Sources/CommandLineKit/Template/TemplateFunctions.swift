/// The functions templates may call: Go's built-in ones and those podman and docker add.
enum TemplateFunctions {
  typealias Function = @Sendable ([TemplateValue]) throws(UsageError) -> TemplateValue

  static func isKnown(_ name: String) -> Bool {
    name == "and" || name == "or" || table[name] != nil
  }

  static func call(_ name: String, _ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    guard let entry = table[name] else {
      throw UsageError("template: function \"\(name)\" not defined")
    }
    guard entry.count.contains(values.count) else {
      let most = entry.count.upperBound
      let want = most == Int.max ? "at least \(entry.count.lowerBound)" : "\(most)"
      throw UsageError(
        "template: wrong number of args for \(name): want \(want) got \(values.count)")
    }
    return try entry.function(values)
  }

  private static let any = Int.max

  private static let table: [String: (count: ClosedRange<Int>, function: Function)] = [
    "not": (1...1, { .bool(!$0[0].isTrue) }),
    "eq": (2...any, { values throws(UsageError) in try TemplateComparison.equalsAny(values) }),
    "ne": (2...2, { v throws(UsageError) in .bool(!(try TemplateComparison.equal(v[0], v[1]))) }),
    "lt": (2...2, { v throws(UsageError) in .bool(try TemplateComparison.less(v[0], v[1])) }),
    "gt": (2...2, { v throws(UsageError) in .bool(try TemplateComparison.less(v[1], v[0])) }),
    "le": (2...2, { v throws(UsageError) in .bool(!(try TemplateComparison.less(v[1], v[0]))) }),
    "ge": (2...2, { v throws(UsageError) in .bool(!(try TemplateComparison.less(v[0], v[1]))) }),
    "index": (1...any, { values throws(UsageError) in try TemplateIndexing.index(values) }),
    "slice": (1...4, { values throws(UsageError) in try TemplateIndexing.slice(values) }),
    "len": (1...1, { values throws(UsageError) in try TemplateIndexing.length(values[0]) }),
    "print": (0...any, { .string(GoFormat.print($0)) }),
    "println": (0...any, { .string($0.map(GoFormat.text).joined(separator: " ") + "\n") }),
    "printf": (
      1...any,
      { v throws(UsageError) in
        .string(GoPrintf.format(try text(v[0], "printf"), Array(v.dropFirst())))
      }
    ),
    "html": (0...any, { .string(GoEscape.html(GoFormat.print($0))) }),
    "js": (0...any, { .string(GoEscape.js(GoFormat.print($0))) }),
    "urlquery": (0...any, { .string(GoEscape.urlQuery(GoFormat.print($0))) }),
    "json": (1...1, { .string($0[0].json()) }),
    "lower": (1...1, { v throws(UsageError) in .string(try text(v[0], "lower").lowercased()) }),
    "upper": (1...1, { v throws(UsageError) in .string(try text(v[0], "upper").uppercased()) }),
    "title": (1...1, { v throws(UsageError) in .string(title(try text(v[0], "title"))) }),
    "join": (2...2, { v throws(UsageError) in try join(v) }),
    "split": (2...2, { v throws(UsageError) in try split(v) }),
    "pad": (3...3, { v throws(UsageError) in try pad(v) }),
    "truncate": (
      2...2,
      { v throws(UsageError) in
        let count = try int(v[1], "truncate")
        let source = try text(v[0], "truncate")
        guard count >= 0 else { return .string(source) }
        let kept = source.unicodeScalars.prefix(Int(clamping: count))
        return .string(String(String.UnicodeScalarView(kept)))
      }
    ),
  ]

  static func text(_ value: TemplateValue, _ function: String) throws(UsageError) -> String {
    guard case .string(let text) = value else {
      throw UsageError("template: \(function) expected string; found \(value.kind)")
    }
    return text
  }

  static func int(_ value: TemplateValue, _ function: String) throws(UsageError) -> Int64 {
    guard case .int(let number) = value else {
      throw UsageError("template: \(function) expected integer; found \(value.kind)")
    }
    return number
  }

  private static func title(_ text: String) -> String {
    var result = ""
    var starts = true
    for character in text {
      result += starts ? character.uppercased() : String(character)
      starts = !(character.isLetter || character.isNumber || character == "_" || character == "'")
    }
    return result
  }

  private static func join(_ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    let separator = try text(values[1], "join")
    switch values[0] {
    case .null, .missing: return .string("")
    case .list(let items):
      var parts: [String] = []
      for item in items { parts.append(try text(item, "join")) }
      return .string(parts.joined(separator: separator))
    default: throw UsageError("template: join expected list; found \(values[0].kind)")
    }
  }

  private static func split(_ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    let source = Array(try text(values[0], "split").utf8)
    let separator = Array(try text(values[1], "split").utf8)
    if separator.isEmpty {
      let text = String(decoding: source, as: UTF8.self)
      return .strings(text.unicodeScalars.map { String($0) })
    }
    var parts: [String] = []
    var start = 0
    var position = 0
    while position + separator.count <= source.count {
      if source[position..<position + separator.count].elementsEqual(separator) {
        parts.append(String(decoding: source[start..<position], as: UTF8.self))
        position += separator.count
        start = position
      } else {
        position += 1
      }
    }
    return .strings(parts + [String(decoding: source[start...], as: UTF8.self)])
  }

  /// Spaces before and after; an empty text stays empty.
  private static func pad(_ values: [TemplateValue]) throws(UsageError) -> TemplateValue {
    let source = try text(values[0], "pad")
    let before = try int(values[1], "pad")
    let after = try int(values[2], "pad")
    let allowed = 0...Int64(TemplateLimit.width)
    guard allowed.contains(before), allowed.contains(after) else {
      throw UsageError("template: pad counts must be between 0 and \(TemplateLimit.width)")
    }
    if source.isEmpty { return .string("") }
    let spaces = { (count: Int64) in String(repeating: " ", count: Int(count)) }
    return .string(spaces(before) + source + spaces(after))
  }
}
