import LinuxSystem

/// Where an entry goes, below the directory that is unpacked into: parts without `.` and `..`.
struct EntryPath {
  let parts: [ArraySlice<UInt8>]

  /// A leading slash means the root of the image; `..` may go back, but not above that root.
  init(_ path: RawPath, entry: RawPath) throws(ArchiveError) {
    var parts: [ArraySlice<UInt8>] = []
    for part in path.bytes.split(separator: 0x2F) {
      if part == [0x2E] { continue }
      if part == [0x2E, 0x2E] {
        guard parts.popLast() != nil else {
          throw .escapes(entry: entry.text, reason: "leads out of its directory")
        }
        continue
      }
      guard part.count <= 255 else {
        throw .malformed("a part of its name has more than 255 bytes", entry: entry.text)
      }
      parts.append(part)
    }
    self.parts = parts
  }

  /// Nil for the root itself.
  var name: RawPath? { parts.last.flatMap { RawPath($0) } }

  /// The directory it is in; nil for entries of the root.
  var parent: RawPath? {
    parts.count < 2 ? nil : RawPath(Array(parts.dropLast().joined(separator: [0x2F])))
  }
}
