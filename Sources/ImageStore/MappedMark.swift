public import LinuxSystem

/// Says of a copy of an image for one mapping of ids whether its files are there whole.
///
/// Such a copy is used before it is flushed, as it can be made again: until it is flushed it counts only
/// in the boot in which it was made. The mark is one file of a fixed length that is overwritten in
/// place, so that it is the one or the other, and nothing when it never reached the disk.
public struct MappedMark: Sendable {
  static let name = "mark"
  private static let durable = "durable"
  private static let length = 64

  private let path: String

  /// `copy` is the directory of the copy (LayerDirectory.mapped).
  public init(_ copy: String) { path = "\(copy)/\(Self.name)" }

  /// Whether the copy may be used: it is durable, or no power cut can have been since it was made.
  public var isUsable: Bool {
    guard let text = try? FileTree.readText(path, limit: Self.length) else { return false }
    guard text.utf8.count == Self.length else { return false }
    return text == Self.padded(Self.durable)
      || (!BootID.current.isEmpty && text == Self.padded(BootID.current))
  }

  /// Whether it survives a power cut.
  public var isDurable: Bool {
    (try? FileTree.readText(path, limit: Self.length)) == Self.padded(Self.durable)
  }

  /// Makes the mark of a copy that is good until the machine stops; open for `confirm`.
  public func make() throws(SystemError) -> OwnedDescriptor {
    let file = try OwnedDescriptor.open(path, [.writeOnly, .create, .exclusive], mode: 0o600)
    try Descriptor.writeAll(file.raw, Self.padded(BootID.current))
    return file
  }

  /// Makes it good for ever; to be called when all files of the copy are on disk.
  public static func confirm(_ mark: borrowing OwnedDescriptor) throws(SystemError) {
    try OpenFile.seek(mark.raw, to: 0)
    try Descriptor.writeAll(mark.raw, padded(durable))
    try OpenFile.sync(mark.raw)
  }

  /// A line of `length` bytes.
  private static func padded(_ word: String) -> String {
    word + String(repeating: " ", count: max(0, length - 1 - word.utf8.count)) + "\n"
  }
}
