import LinuxSystem
import Model

/// A log file and what was rotated away from it (`path.1`, `path.2`, …), read as one stream that
/// goes on while the file grows and is rotated.
///
/// The file that is being read stays open, so a rotation takes nothing away from the reader.
final class LogFiles: LogSource {
  private let path: String
  private let format: LogFileFormat
  private let limit: Int
  private var file: LogFile?
  /// What comes after `file`, oldest first.
  private var later: [LogFile] = []
  private var buffer = [UInt8](repeating: 0, count: 65_536)
  private var start = 0
  private var end = 0

  /// `limit`: how many files a rotation keeps.
  init(path: String, format: LogFileFormat, limit: Int) throws {
    self.path = path
    self.format = format
    self.limit = limit
    later = try newer(than: nil)
    takeNext()
  }

  var directory: String? {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  func next() throws -> LogLine? {
    while true {
      if let newline = buffer.index(of: 0x0A, in: start..<end) {
        let range = start..<newline
        start = newline + 1
        // What is not a record (a torn write) is left out.
        if let line = format.parse(buffer, range) { return line }
        continue
      }
      if try fill() { continue }
      if try !goOn() { return nil }
    }
  }

  /// Reads more of the file; false at its end.
  private func fill() throws -> Bool {
    guard let file else { return false }
    if start > 0 {
      buffer.replaceSubrange(0..<(end - start), with: buffer[start..<end])
      end -= start
      start = 0
    }
    if end == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
    guard
      let count = try Descriptor.readNow(
        file.descriptor.raw, into: &buffer, at: end, limit: buffer.count - end), count > 0
    else { return false }
    file.offset += Int64(count)
    end += count
    return true
  }

  /// At the end of a file: goes to the next one, if it was rotated; false when this is the newest.
  private func goOn() throws -> Bool {
    if later.isEmpty {
      let newest = try? FileStatus.of(path, follow: true)
      if let file, let newest, newest.inode == file.inode {
        // Somebody emptied it in place.
        if newest.size >= file.offset { return false }
        try Descriptor.seek(file.descriptor.raw, to: 0)
        file.offset = 0
        start = end
        return true
      }
      later = try newer(than: file?.inode)
      // What was written between the end that we saw and the rotation.
      if try fill() { return true }
    }
    guard !later.isEmpty else { return false }
    takeNext()
    return true
  }

  private func takeNext() {
    guard !later.isEmpty else { return }
    file = later.removeFirst()
    start = 0
    end = 0
  }

  /// The files newer than the one with this inode, oldest first.
  ///
  /// Looked for from the newest on: a rotation moves files the same way, so none is missed; one may be
  /// met twice.
  private func newer(than inode: UInt64?) throws -> [LogFile] {
    var found: [LogFile] = []
    for number in 0..<max(limit, 1) {
      let name = number == 0 ? path : "\(path).\(number)"
      let opened: LogFile
      do throws(SystemError) { opened = try LogFile(name) } catch {
        if error.errno == Errno.noEntry { continue }
        throw error
      }
      if opened.inode == inode { break }
      if found.last?.inode != opened.inode { found.append(opened) }
    }
    return found.reversed()
  }

  // MARK: - The last lines

  /// Goes to where the last `count` lines begin; records after `until` do not count.
  func seekTail(_ count: Int, until: Int64?) throws {
    var lines = 0
    var isLast = true
    let files = ([file] + later).compactMap(\.self)
    for index in files.indices.reversed() {
      let reader = BackwardReader(files[index].descriptor.raw, size: try files[index].size())
      while let record = try reader.previous() {
        guard let line = format.parse(record.bytes, 0..<record.bytes.count) else { continue }
        if let until, let moment = line.moment, moment > until { continue }
        if isLast || !line.isPartial { lines += 1 }
        isLast = false
        guard lines > count else { continue }
        try goTo(files, index, record.end)
        return
      }
    }
    if !files.isEmpty { try goTo(files, 0, 0) }
  }

  private func goTo(_ files: [LogFile], _ index: Int, _ offset: Int64) throws {
    file = files[index]
    later = Array(files[(index + 1)...])
    start = 0
    end = 0
    for other in later {
      try Descriptor.seek(other.descriptor.raw, to: 0)
      other.offset = 0
    }
    try Descriptor.seek(files[index].descriptor.raw, to: offset)
    files[index].offset = offset
  }
}

/// One open file of a log.
private final class LogFile {
  let descriptor: OwnedDescriptor
  let inode: UInt64
  /// How far it was read.
  var offset: Int64 = 0

  init(_ path: String) throws(SystemError) {
    let opened = try OwnedDescriptor.open(path)
    inode = try FileStatus.of(descriptor: opened.raw).inode
    descriptor = opened
  }

  func size() throws(SystemError) -> Int64 { try FileStatus.of(descriptor: descriptor.raw).size }
}

/// Reads a file's lines from its end to its start.
private final class BackwardReader {
  private static let block: Int64 = 65_536
  private let fd: Int32
  /// Where `pending` begins in the file.
  private var position: Int64
  private var pending: [UInt8] = []
  private var tornEnd = true

  init(_ fd: Int32, size: Int64) {
    self.fd = fd
    position = size
  }

  /// The line before the one given last, without its newline, and where the next one begins.
  func previous() throws(SystemError) -> (bytes: [UInt8], end: Int64)? {
    while true {
      // What follows the last newline is not whole yet.
      if tornEnd, let newline = pending.lastIndex(of: 0x0A) {
        pending.removeLast(pending.count - newline - 1)
        tornEnd = false
      }
      if !tornEnd, !pending.isEmpty {
        let before = pending.dropLast().lastIndex(of: 0x0A)
        if before != nil || position == 0 {
          let from = before.map { $0 + 1 } ?? 0
          let end = position + Int64(pending.count)
          let line = Array(pending[from...].dropLast())
          pending.removeLast(pending.count - from)
          return (line, end)
        }
      }
      guard position > 0 else { return nil }
      let size = min(Self.block, position)
      position -= size
      try Descriptor.seek(fd, to: position)
      var read: [UInt8] = []
      while read.count < Int(size) {
        let part = try Descriptor.read(fd, upTo: Int(size) - read.count)
        if part.isEmpty { break }
        read += part
      }
      pending = read + pending
    }
  }
}
