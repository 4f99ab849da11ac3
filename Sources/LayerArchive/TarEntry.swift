public import LinuxSystem

/// One entry of a tar archive (ustar, GNU or pax), as it is written there: nothing is trusted yet.
public struct TarEntry: Sendable {
  public enum Kind: Equatable, Sendable {
    case file
    case directory
    case symbolicLink(to: RawPath)
    /// Another name for an entry of the same archive.
    case hardLink(to: RawPath)
    case characterDevice(major: UInt32, minor: UInt32)
    case blockDevice(major: UInt32, minor: UInt32)
    case fifo
  }

  /// A part of a sparse file that has data.
  public struct Segment: Equatable, Sendable {
    public var offset: Int64
    public var length: Int64
  }

  public var path: RawPath
  public var kind: Kind
  /// Permission bits with set-id and sticky bits (07777).
  public var permissions: UInt32
  public var uid: UInt32
  public var gid: UInt32
  /// Nanoseconds since the epoch.
  public var modified: Int64
  /// Bytes of the file when unpacked; 0 for what is not a file.
  public var size: Int64
  public var attributes: [(name: String, value: [UInt8])] = []
  /// Of a sparse file, in order and without overlaps; nil when all of it is data.
  public var segments: [Segment]?

  public init(
    _ path: RawPath, _ kind: Kind, permissions: UInt32, uid: UInt32 = 0, gid: UInt32 = 0,
    modified: Int64 = 0, size: Int64 = 0
  ) {
    self.path = path
    self.kind = kind
    self.permissions = permissions
    self.uid = uid
    self.gid = gid
    self.modified = modified
    self.size = size
  }
}

/// What one archive may at most ask of us.
public struct ArchiveLimits: Sendable {
  public var entries = 10_000_000
  /// Bytes of one path (PATH_MAX).
  public var pathLength = 4_096
  /// Bytes of one pax header or long name.
  public var headerSize = 1 << 20
  public var sparseSegments = 1 << 20
  /// Bytes of one file, holes included.
  public var fileSize: Int64 = 1 << 46
  /// Bytes of the whole archive, decompressed.
  public var archiveSize: Int64 = 1 << 42
  /// How many times larger than its compressed form an archive may be, once it is larger than
  /// `ratioFloor`: gzip cannot exceed 1032.
  public var ratio: Int64 = 1_100
  public var ratioFloor: Int64 = 1 << 32

  public init() {}
}
