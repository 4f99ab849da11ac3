public import Events
import LinuxSystem
public import Model

/// Which events `events --filter` lets through.
///
/// Of one key any value will do, except that every `label` must be there; all keys must match.
public struct EventFilter: Sendable {
  private var conditions: [(key: String, value: String)] = []

  private static let keys: Set = [
    "container", "event", "status", "image", "label", "pod", "type", "volume", "network", "id",
    "name",
  ]

  public init(_ texts: [String]) throws(ErrorReport) {
    for text in texts {
      guard let equals = text.firstIndex(of: "=") else {
        throw ErrorReport(
          .invalidRequest, "invalid filter \"\(text)\"", hint: "write KEY=VALUE")
      }
      let key = text[..<equals].lowercased()
      var value = String(text[text.index(after: equals)...])
      guard Self.keys.contains(key) else {
        throw ErrorReport(.invalidRequest, "\(key) is an invalid filter")
      }
      if key == "type" {
        guard Event.Kind(rawValue: value.lowercased()) != nil else {
          throw ErrorReport(.invalidRequest, "\(value) is not a type of events")
        }
        value = value.lowercased()
      }
      // Docker's word.
      if key == "event" || key == "status", value == "die" { value = "died" }
      conditions.append((key == "status" ? "event" : key, value))
    }
  }

  public func matches(_ event: Event) -> Bool {
    for key in Set(conditions.map(\.key)) {
      let values = conditions.filter { $0.key == key }.map(\.value)
      let passes =
        key == "label"
        ? values.allSatisfy { Self.matches(event, key, $0) }
        : values.contains { Self.matches(event, key, $0) }
      if !passes { return false }
    }
    return true
  }

  private static func matches(_ event: Event, _ key: String, _ value: String) -> Bool {
    switch key {
    case "container": event.kind == .container && isCalled(event, value)
    case "volume": event.kind == .volume && event.name.hasPrefix(value)
    case "network": event.kind == .network && isCalled(event, value)
    case "image": hasImage(event, value)
    case "event": event.action == value
    case "type": event.kind.rawValue == value
    case "id": event.id.hasPrefix(value)
    case "name": event.name == value
    case "label": hasLabel(event, value)
    default: false
    }
  }

  private static func isCalled(_ event: Event, _ word: String) -> Bool {
    event.name == word || (!word.isEmpty && event.id.hasPrefix(word))
  }

  private static func hasImage(_ event: Event, _ word: String) -> Bool {
    let image = event.kind == .image ? event.name : event.image
    if event.kind == .image, isCalled(event, word) { return true }
    return image == word || image.hasPrefix("\(word):") || image.hasSuffix("/\(word)")
      || image.contains("/\(word):")
  }

  private static func hasLabel(_ event: Event, _ text: String) -> Bool {
    let labels = event.attributes.filter { !Event.facts.contains($0.key) }
    guard let equals = text.firstIndex(of: "=") else { return labels.contains { $0.key == text } }
    let value = text[text.index(after: equals)...]
    return labels.contains { $0.key == text[..<equals] && $0.value == value }
  }
}

/// Shows what happened, and what happens.
public struct EventStream {
  /// Nanoseconds since the epoch; nil: without `until`, only what comes when it follows.
  public var since: Int64?
  public var until: Int64?
  /// Whether to wait for more.
  public var follows = true
  private let context: EngineContext
  private let filter: EventFilter

  public init(_ context: EngineContext, _ filter: EventFilter) {
    self.context = context
    self.filter = filter
  }

  /// Returns at the end of the log, at `until`, or never.
  public func run(_ body: (Event) throws -> Void) throws {
    switch try context.eventsBackend() {
    case .file: try runFiles(body)
    case .journald: try runJournal(body)
    case .none:
      throw ErrorReport(.invalidRequest, "cannot read events with the \"none\" backend")
    }
  }

  private func runFiles(_ body: (Event) throws -> Void) throws {
    if follows { try FileTree.ensureDirectory(context.eventDirectory) }
    // Before the first reading, so that nothing falls between the two.
    let watch = follows ? try FileWatch(context.eventDirectory) : nil
    var reader = EventReader(EventLog(context.eventDirectory))
    if follows, since == nil, until == nil {
      try reader.skipToEnd()
    } else {
      try reader.readAll { try show($0, body) }
    }
    guard let watch else { return }
    while true {
      guard let wait = patience else { return }
      try watch.wait(milliseconds: wait)
      try reader.readNew { try show($0, body) }
    }
  }

  /// How many milliseconds to wait for more, -1 without an end; nil when `until` has passed.
  private var patience: Int32? {
    guard let until else { return -1 }
    let left = until - Clock.realtime()
    return left <= 0 ? nil : Int32(clamping: left / 1_000_000 + 1)
  }

  private func runJournal(_ body: (Event) throws -> Void) throws {
    let onlyNews = follows && since == nil && until == nil
    var arguments = ["-n", onlyNews ? "0" : "all"]
    if let since { arguments.append("--since=@\(since / 1_000_000_000)") }
    arguments += Event.journalMatches(context.eventDirectory, uid: context.uid)
    let records = try JournalRecords.required(arguments, follow: follows)
    while true {
      while let record = try records.next() {
        if let event = Event(record: record) { try show(event, body) }
      }
      guard let descriptor = records.descriptor, let wait = patience else { return }
      _ = try Descriptor.waitReadable(descriptor, milliseconds: wait)
    }
  }

  private func show(_ event: Event, _ body: (Event) throws -> Void) throws {
    if let since, event.time < since { return }
    if let until, event.time > until { return }
    if filter.matches(event) { try body(event) }
  }
}
