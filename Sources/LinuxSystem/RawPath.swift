import Glibc

/// A path as the kernel sees it: any bytes but NUL.
///
/// What comes out of archives and directories
/// need not be text, and a String would change it.
public struct RawPath: Hashable, Sendable {
  /// With its ending NUL.
  private let terminated: [UInt8]

  /// Nil for an empty path or one with a NUL in it.
  public init?(_ bytes: some Sequence<UInt8>) {
    let all = Array(bytes)
    if all.isEmpty || all.contains(0) { return nil }
    terminated = all + [0]
  }

  public init?(_ text: String) { self.init(text.utf8) }

  private init(unchecked bytes: [UInt8]) { terminated = bytes + [0] }

  /// The directory itself.
  public static let current = RawPath(unchecked: [0x2E])

  public var bytes: ArraySlice<UInt8> { terminated.dropLast() }

  /// As text, for messages only.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The path without its last name; nil when that is all.
  public var parent: RawPath? { bytes.lastIndex(of: 0x2F).flatMap { RawPath(bytes[..<$0]) } }

  public func appending(_ name: RawPath) -> RawPath {
    RawPath(unchecked: Array(bytes) + [0x2F] + Array(name.bytes))
  }

  func withPointer<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    unsafe terminated.withUnsafeBytes { space in
      guard let start = space.baseAddress else { preconditionFailure("it holds at least the NUL") }
      return unsafe body(start.assumingMemoryBound(to: CChar.self))
    }
  }
}

extension RawPath: CustomStringConvertible {
  public var description: String { text }
}
