import LinuxSystem
import Model

/// Reads what containers wrote, from wherever their logs are.
public struct LogReader {
  public struct Options: Sendable {
    public var follow = false
    /// Nanoseconds since the epoch.
    public var since: Int64?
    public var until: Int64?
    /// Only the last lines; nil: all.
    public var tail: Int?

    public init() {}
  }

  /// How long it waits before it asks whether a container has ended: milliseconds.
  private static let pollInterval: Int32 = 250

  private let store: ContainerStore

  public init(_ context: EngineContext) { store = ContainerStore(context) }

  /// Gives every line to `body`, with the place of its container in `ids`: oldest first, the lines of
  /// several containers in the order of their times.
  ///
  /// `body`: returns false to stop.
  /// `idle`: called when nothing more is there for now.
  public func run(
    _ ids: [String], _ options: Options, idle: () throws -> Bool,
    _ body: (Int, LogLine) throws -> Bool
  ) throws {
    var merge = LogMerge(
      sources: try ids.map { try source($0, options) }, since: options.since, until: options.until)
    var endings = Endings(ids, StatusReader(store))
    var watch = try LogWatch(options.follow ? merge.sources : [])
    while true {
      while let (index, line) = try merge.next() {
        if try !body(index, line) { return }
      }
      if try !idle() { return }
      guard options.follow, !endings.areAll else { return }
      // The status first: what was written before the end is still read after it.
      for index in try endings.update() { try merge.sources[index].containerEnded() }
      if endings.areAll { continue }
      if let until = options.until, Clock.realtime() > until { return }
      try watch.wait(milliseconds: Self.pollInterval)
    }
  }

  private func source(_ id: String, _ options: Options) throws -> any LogSource {
    let config = try store.load(id)
    let lifecycle = config.lifecycle
    switch MonitorOrder.LogDriver(rawValue: lifecycle.logDriver) {
    case .k8sFile, .jsonFile:
      let files = try LogFiles(
        path: lifecycle.logPath ?? "\(store.directory(id))/ctr.log",
        format: lifecycle.logDriver == "json-file" ? .json : .k8s, limit: lifecycle.logMaxFiles)
      if let tail = options.tail { try files.seekTail(tail, until: options.until) }
      return files
    case .journald: return try JournalReader(id, tail: options.tail, follow: options.follow)
    default:
      throw ErrorReport(
        .invalidRequest,
        "this container is using the '\(lifecycle.logDriver)' log driver, cannot read logs: \(config.name)"
      )
    }
  }
}

/// The records of several logs as one sequence in the order of their times.
private struct LogMerge {
  let sources: [any LogSource]
  let since: Int64?
  let until: Int64?
  private var heads: [LogLine?]
  /// The container whose line is not whole yet.
  private var unfinished: Int?

  init(sources: [any LogSource], since: Int64?, until: Int64?) {
    self.sources = sources
    self.since = since
    self.until = until
    heads = sources.map { _ in nil }
  }

  mutating func next() throws -> (Int, LogLine)? {
    if sources.count == 1 { return try wanted(from: 0).map { (0, $0) } }
    for index in sources.indices where heads[index] == nil {
      heads[index] = try wanted(from: index)
    }
    var oldest: (index: Int, time: Int64)?
    if let unfinished, heads[unfinished] != nil {
      oldest = (unfinished, 0)
    } else {
      for (index, head) in heads.enumerated() {
        guard let head else { continue }
        let time = head.moment ?? 0
        if time < oldest?.time ?? .max { oldest = (index, time) }
      }
    }
    guard let index = oldest?.index, let line = heads[index] else { return nil }
    heads[index] = nil
    unfinished = line.isPartial ? index : nil
    return (index, line)
  }

  private func wanted(from index: Int) throws -> LogLine? {
    while let line = try sources[index].next() {
      if since == nil && until == nil { return line }
      guard let time = line.moment else { return line }
      if let since, time < since { continue }
      if let until, time > until { continue }
      return line
    }
    return nil
  }
}

/// Which of the followed containers have ended.
private struct Endings {
  private let ids: [String]
  private let statuses: StatusReader
  private var ended: [Bool]

  init(_ ids: [String], _ statuses: StatusReader) {
    self.ids = ids
    self.statuses = statuses
    ended = ids.map { _ in false }
  }

  var areAll: Bool { !ended.contains(false) }

  /// Those that have ended since the last call.
  mutating func update() throws -> [Int] {
    var fresh: [Int] = []
    for index in ids.indices where !ended[index] {
      switch try statuses.read(ids[index]) {
      case .exited, .created:
        ended[index] = true
        fresh.append(index)
      default: continue
      }
    }
    return fresh
  }
}

/// Waits until one of several logs may have more.
private struct LogWatch: ~Copyable {
  private var loop: EventLoop
  private let changes: FileWatch

  init(_ sources: [any LogSource]) throws {
    let loop = try EventLoop()
    let changes = try FileWatch()
    for directory in Set(sources.compactMap(\.directory)) { try changes.add(directory) }
    try loop.add(changes.raw)
    for source in sources {
      if let descriptor = source.descriptor { try loop.add(descriptor) }
    }
    self.loop = loop
    self.changes = changes
  }

  mutating func wait(milliseconds: Int32) throws {
    let ready = try loop.wait(milliseconds: milliseconds)
    if ready.contains(where: { $0.descriptor == changes.raw }) {
      try changes.wait(milliseconds: 0)
    }
  }
}
