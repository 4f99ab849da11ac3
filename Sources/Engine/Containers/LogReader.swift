import LinuxSystem
import Model
import OCISpec

/// Reads what a container wrote, from its log files.
public struct LogReader {
  public struct Options: Sendable {
    public var follow = false
    /// Nanoseconds since the epoch.
    public var since: Int64?
    public var until: Int64?
    /// Only the last lines; nil: all.
    public var tail: Int?
    public var timestamps = false

    public init() {}
  }

  public struct Line: Sendable {
    public var time: String
    public var isError: Bool
    /// Without its newline when `isPartial`.
    public var text: [UInt8]
    public var isPartial: Bool
  }

  private let store: ContainerStore

  public init(_ context: EngineContext) { store = ContainerStore(context) }

  /// Gives every line, oldest first, to `body`, which returns false to stop.
  public func run(_ id: String, _ options: Options, _ body: (Line) throws -> Bool) throws {
    let config = try store.load(id)
    let lifecycle = config.lifecycle
    guard lifecycle.logDriver == "k8s-file" || lifecycle.logDriver == "json-file" else {
      throw ErrorReport(
        .invalidRequest,
        "container \(config.name) uses log driver \(lifecycle.logDriver), which keeps nothing to read"
      )
    }
    let path = lifecycle.logPath ?? "\(store.directory(id))/ctr.log"
    let isJSON = lifecycle.logDriver == "json-file"
    var cursor = LogCursor(path: path, isJSON: isJSON)
    // The files that were rotated away come first.
    if let tail = options.tail {
      var kept: [Line] = []
      try cursor.readAll(files: lifecycle.logMaxFiles) { line in
        guard Self.isWanted(line, options) else { return true }
        kept.append(line)
        if kept.count > tail * 2 + 64 { kept.removeFirst(kept.count - Self.start(kept, tail)) }
        return true
      }
      for line in kept.suffix(from: Self.firstIndex(kept, tail)) where try !body(line) { return }
    } else {
      var goesOn = true
      try cursor.readAll(files: lifecycle.logMaxFiles) { line in
        if Self.isWanted(line, options) { goesOn = try body(line) }
        return goesOn
      }
      guard goesOn else { return }
    }
    guard options.follow else { return }
    try follow(id, &cursor, options, body)
  }

  private func follow(
    _ id: String, _ cursor: inout LogCursor, _ options: Options, _ body: (Line) throws -> Bool
  ) throws {
    let statuses = StatusReader(store)
    while true {
      // The status first: what was written before the end is still read after it.
      let isOver: Bool
      if store.exists(id) {
        let status = try statuses.read(id)
        if case .exited = status { isOver = true } else { isOver = status == .created }
      } else {
        isOver = true
      }
      var goesOn = true
      try cursor.readMore { line in
        if Self.isWanted(line, options) { goesOn = try body(line) }
        return goesOn
      }
      guard goesOn, !isOver else { return }
      if let until = options.until, Clock.realtime() > until { return }
      try cursor.waitForChange(milliseconds: 250)
    }
  }

  /// How many whole lines from the end; partial ones belong to the next.
  private static func start(_ lines: [Line], _ tail: Int) -> Int {
    lines.count - firstIndex(lines, tail)
  }

  private static func firstIndex(_ lines: [Line], _ tail: Int) -> Int {
    var left = tail
    var index = lines.count
    while index > 0 {
      if !lines[index - 1].isPartial {
        if left == 0 { return index }
        left -= 1
      }
      index -= 1
    }
    return index
  }

  private static func isWanted(_ line: Line, _ options: Options) -> Bool {
    guard options.since != nil || options.until != nil else { return true }
    guard let time = Timestamp.parse(line.time) else { return true }
    if let since = options.since, time < since { return false }
    if let until = options.until, time > until { return false }
    return true
  }
}

/// A place in a log that grows and is rotated.
struct LogCursor {
  private let path: String
  private let isJSON: Bool
  private var pending: [UInt8] = []
  private var offset: Int64 = 0
  private var inode: UInt64 = 0
  private var watch: FileWatch?

  init(path: String, isJSON: Bool) {
    self.path = path
    self.isJSON = isJSON
  }

  /// Everything there is: `path.N` down to `path.1`, then `path`.
  mutating func readAll(files: Int, _ body: (LogReader.Line) throws -> Bool) throws {
    if files > 1 {
      for number in stride(from: files - 1, to: 0, by: -1) {
        guard let old = try? OwnedDescriptor.open("\(path).\(number)") else { continue }
        guard try read(old.raw, body) else { return }
      }
    }
    try readMore(body)
  }

  /// What was added since; a new file in place of the old one is read from its start.
  mutating func readMore(_ body: (LogReader.Line) throws -> Bool) throws {
    let file: OwnedDescriptor
    do throws(SystemError) { file = try OwnedDescriptor.open(path) } catch {
      if error.errno == Errno.noEntry { return }
      throw error
    }
    let status = try FileStatus.of(descriptor: file.raw)
    if status.inode != inode {
      if inode != 0, let old = try? OwnedDescriptor.open("\(path).1"),
        try FileStatus.of(descriptor: old.raw).inode == inode
      {
        try Descriptor.seek(old.raw, to: offset)
        guard try read(old.raw, body) else { return }
      }
      inode = status.inode
      offset = 0
    }
    try Descriptor.seek(file.raw, to: offset)
    _ = try read(file.raw, body)
  }

  private mutating func read(_ fd: Int32, _ body: (LogReader.Line) throws -> Bool) throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = try Descriptor.read(fd, into: &buffer)
      if count == 0 { return true }
      offset += Int64(count)
      var start = 0
      while let end = buffer[start..<count].firstIndex(of: 0x0A) {
        pending += buffer[start..<end]
        start = end + 1
        let line = isJSON ? LogLine.json(pending) : LogLine.k8s(pending)
        pending.removeAll(keepingCapacity: true)
        if let line, try !body(line) { return false }
      }
      pending += buffer[start..<count]
    }
  }

  mutating func waitForChange(milliseconds: Int32) throws {
    if watch == nil {
      let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
      watch = try? FileWatch(directory)
    }
    if let watch {
      try watch.wait(milliseconds: milliseconds)
    } else {
      try Clock.pause(milliseconds: milliseconds)
    }
  }
}

/// The lines of the two log formats.
enum LogLine {
  /// `TIME stdout|stderr F|P TEXT`.
  static func k8s(_ bytes: [UInt8]) -> LogReader.Line? {
    let parts = bytes.split(separator: 0x20, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let isPartial = parts[2].first == 0x50
    return LogReader.Line(
      time: String(decoding: parts[0], as: UTF8.self),
      isError: parts[1].elementsEqual("stderr".utf8),
      text: Array(parts[3]) + (isPartial ? [] : [0x0A]), isPartial: isPartial)
  }

  /// `{"log":"TEXT\n","stream":"stdout","time":"TIME"}`.
  static func json(_ bytes: [UInt8]) -> LogReader.Line? {
    guard let value = try? JSONValue(parsing: bytes), case .object(let entry) = value,
      case .string(let text)? = entry.find("log"), case .string(let time)? = entry.find("time")
    else { return nil }
    var isError = false
    if case .string("stderr")? = entry.find("stream") { isError = true }
    return LogReader.Line(
      time: time, isError: isError, text: Array(text.utf8), isPartial: !text.hasSuffix("\n"))
  }
}
