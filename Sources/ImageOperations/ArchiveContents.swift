import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// The files of an image archive or directory, by their paths in it.
final class ArchiveContents {
  private enum Entry {
    case file(Staging.File)
    case link(to: String)
  }

  private var entries: [String: Entry] = [:]
  /// For a directory: what is asked for is staged then.
  private var directory: String?
  let staging: Staging
  private let reporter: Reporter

  static let entryLimit = 100_000

  enum Failure: Error {
    /// Whatever it is, no whole file could be read from it.
    case noEntry
  }

  /// Opens a tar, compressed or not, or a directory; what an address leads to is fetched.
  init(_ path: String, store: ImageStore, reporter: Reporter) throws {
    staging = try Staging(store)
    self.reporter = reporter
    if path == "-" {
      try readArchive(HelperRequest.userInput)
      return
    }
    if let download = try FileDownload(path) {
      try readDownload(download)
      return
    }
    guard let status = try FileStatus.find(path, follow: true) else {
      throw SystemError("open", path, errno: Errno.noEntry)
    }
    if status.kind == .directory {
      directory = path
    } else {
      let file = try OwnedDescriptor.open(path)
      try readArchive(file.raw)
    }
  }

  private func readDownload(_ download: FileDownload) throws {
    var total: Int64 = 0
    let file = try staging.stage { take in
      try download.run { (bytes, range) throws(ArchiveError) in
        try take(bytes, range)
        total += Int64(range.count)
        reporter.progress("archive", .downloading, total)
      }
    }
    // From here on this is a load like any other.
    Sandbox.enter()
    let archive = try OwnedDescriptor.open(file.path)
    try readArchive(archive.raw)
    try FileTree.unlinkIfPresent(file.path)
  }

  private func readArchive(_ descriptor: Int32) throws {
    do {
      try readEntries(descriptor)
    } catch ArchiveError.truncated where entries.isEmpty {
      throw Failure.noEntry
    }
  }

  private func readEntries(_ descriptor: Int32) throws {
    var limits = ArchiveLimits()
    limits.entries = Self.entryLimit
    let reader = TarReader(Decompressor(DescriptorSource(descriptor)), limits: limits)
    var total: Int64 = 0
    while let entry = try reader.nextEntry() {
      let name = try Self.clean(entry.path.text)
      switch entry.kind {
      case .file:
        let file = try staging.stage { take in
          try reader.readData { (_, bytes, range) throws(ArchiveError) in
            try take(bytes, range)
            total += Int64(range.count)
            reporter.progress("archive", .copying, total)
          }
        }
        entries[name] = .file(file)
      // skopeo and podman write a layer once and link to it.
      case .symbolicLink(let target):
        let parent = name.split(separator: "/").dropLast().joined(separator: "/")
        let path = target.text.hasPrefix("/") ? target.text : "\(parent)/\(target.text)"
        entries[name] = .link(to: try Self.clean(path))
      case .hardLink(let target): entries[name] = .link(to: try Self.clean(target.text))
      default: break
      }
    }
  }

  /// The path without `.`, `..` and doubled slashes; it is a key here and never opened.
  private static func clean(_ path: String) throws -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else {
          throw ArchiveError.escapes(entry: path, reason: "leads out of the archive")
        }
      } else {
        parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }

  /// The file at a path, through links within the archive; nil when there is none.
  func find(_ path: String) throws -> Staging.File? {
    var key = try Self.clean(path)
    for _ in 0..<8 {
      switch entries[key] {
      case .file(let file)?: return file
      case .link(let target)?: key = target
      case nil: return try stageFromDirectory(key)
      }
    }
    return nil
  }

  func load(_ path: String) throws -> Staging.File {
    guard let file = try find(path) else { throw OperationError.missingInArchive(path) }
    return file
  }

  /// A document's bytes; nil when there is none.
  func findDocument(_ path: String, limit: Int = Manifest.sizeLimit) throws -> [UInt8]? {
    guard let file = try find(path) else { return nil }
    guard file.size <= Int64(limit) else {
      throw ImageSpecError.tooLarge(path, size: Int(file.size), limit: limit)
    }
    return try staging.load(file, limit: limit)
  }

  func loadDocument(_ path: String, limit: Int = Manifest.sizeLimit) throws -> [UInt8] {
    guard let bytes = try findDocument(path, limit: limit) else {
      throw OperationError.missingInArchive(path)
    }
    return bytes
  }

  /// Files of a directory are copied first: what was verified must be what is used.
  private func stageFromDirectory(_ path: String) throws -> Staging.File? {
    guard let directory, !path.isEmpty else { return nil }
    let root = try RootDirectory(directory)
    let file: OwnedDescriptor
    do throws(SystemError) {
      file = try root.open(path, [.nonBlocking])
    } catch {
      if error.errno == Errno.noEntry || error.errno == Errno.notDirectory { return nil }
      throw error
    }
    guard try FileStatus.of(descriptor: file.raw).kind == .regular else { return nil }
    let fd = file.raw
    let staged = try staging.stage { take in
      let source = DescriptorSource(fd)
      while let bytes = try source.next() { try take(bytes, 0..<bytes.count) }
    }
    entries[path] = .file(staged)
    return staged
  }
}
