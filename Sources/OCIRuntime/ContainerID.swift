/// A container's name: safe as one path component.
public struct ContainerID: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  public init(_ text: String) throws(RuntimeError) {
    let bytes = Array(text.utf8)
    let isWord = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
    guard let first = bytes.first, isWord(first), bytes.count <= 1_024,
      bytes.allSatisfy({ isWord($0) || [0x5F, 0x2B, 0x2D, 0x2E].contains($0) })
    else { throw .invalidID(text) }
    // A component of a path is at most 255 bytes on every filesystem.
    guard bytes.count <= 255 else { throw .invalidID(text) }
    self.text = text
  }

  public var description: String { text }
}
