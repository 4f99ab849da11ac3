import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec

/// Makes a manifest of files that are no image (image-spec manifest.md, "guidelines for artifact
/// usage"), for an entry of a list.
struct MakeArtifact {
  let store: ImageStore
  let staging: Staging

  private static let titleKey = "org.opencontainers.image.title"
  /// What image-spec's empty descriptor points to.
  private static let emptyConfig = Array("{}".utf8)
  private static let configLimit = 4 << 20

  /// Something to be kept: a staged file, or bytes.
  private enum Content {
    case file(Staging.File)
    case bytes([UInt8])
  }

  /// The entry of the artifact, whose blobs are in the store then; `leases` keep them there.
  func run(
    _ files: [String], _ artifact: ListRequest.Artifact, subject: BlobDescriptor?, _ leases: Leases
  ) throws -> BlobDescriptor {
    guard !files.isEmpty else { throw OperationError.badRequest("no files") }
    var contents: [(descriptor: BlobDescriptor, content: Content)] = []
    let config = try makeConfig(artifact)
    contents.append((config.descriptor, .bytes(config.bytes)))
    for path in files {
      let file = try stage(path)
      let type =
        try artifact.layerType.map { MediaType(rawValue: $0) } ?? Self.guessType(path, file)
      let title = String(path.split(separator: "/").last ?? "")
      let layer = BlobDescriptor(
        mediaType: type, digest: file.digest, size: file.size,
        annotations: artifact.excludesTitles ? nil : [Self.titleKey: title])
      contents.append((layer, .file(file)))
    }
    var manifest = Manifest(
      config: config.descriptor, layers: contents.dropFirst().map(\.descriptor))
    // A manifest with an empty configuration has to say what it is.
    let type = artifact.type ?? "application/vnd.unknown.artifact.v1"
    manifest.artifactType = type.isEmpty ? nil : type
    manifest.subject = subject
    let bytes = manifest.encoded()
    var entry = BlobDescriptor(
      mediaType: .ociManifest, digest: Hasher.digest(of: bytes), size: Int64(bytes.count))
    entry.artifactType = artifact.type.flatMap { $0.isEmpty ? nil : $0 }
    contents.append((entry, .bytes(bytes)))
    try leases.add(store, blobs: contents.map(\.descriptor.digest), layers: [])
    for (descriptor, content) in contents {
      switch content {
      case .file(let file):
        // The same file may have been given twice.
        if !store.blobs.holds(descriptor.digest) {
          try store.blobs.publish(file.path, as: descriptor.digest)
        }
      case .bytes(let bytes): try store.blobs.write(bytes, as: descriptor.digest)
      }
    }
    return entry
  }

  private func makeConfig(_ artifact: ListRequest.Artifact) throws -> (
    descriptor: BlobDescriptor, bytes: [UInt8]
  ) {
    var bytes: [UInt8] = []
    if let path = artifact.config, !path.isEmpty {
      bytes = try Self.named(path) { () throws(SystemError) in
        try FileTree.read(path, limit: Self.configLimit)
      }
    }
    let fallback: MediaType = bytes.isEmpty ? .ociEmpty : .ociConfig
    if bytes.isEmpty { bytes = Self.emptyConfig }
    return (
      BlobDescriptor(
        mediaType: artifact.configType.map { MediaType(rawValue: $0) } ?? fallback,
        digest: Hasher.digest(of: bytes), size: Int64(bytes.count)), bytes
    )
  }

  private func stage(_ path: String) throws -> Staging.File {
    let source = try Self.named(path) { () throws(SystemError) in try OwnedDescriptor.open(path) }
    let raw = source.raw
    let staged = try staging.stage { take in
      while true {
        let bytes = try Self.read(raw, path)
        if bytes.isEmpty { break }
        try take(bytes, 0..<bytes.count)
      }
    }
    return staged
  }

  private static func read(_ descriptor: Int32, _ path: String) throws -> [UInt8] {
    try named(path) { () throws(SystemError) in
      try Descriptor.read(descriptor, upTo: 1 << 20)
    }
  }

  /// A failure that is the user's file's.
  private static func named<Value: ~Copyable>(
    _ path: String, _ body: () throws(SystemError) -> Value
  ) throws -> Value {
    do throws(SystemError) { return try body() } catch {
      throw ErrorReport(
        .invalidRequest, "cannot read \(path): \(error.reason)",
        hint: "with --artifact, what follows the list's name are files")
    }
  }

  private static let typesByEnding = [
    "gz": "application/gzip", "html": "text/html", "json": "application/json",
    "tar": "application/x-tar", "txt": "text/plain", "zst": "application/zstd",
  ]

  /// By the name's ending, else by whether the first bytes are text.
  private static func guessType(_ path: String, _ file: Staging.File) throws -> MediaType {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.contains(".") ? name.split(separator: ".").last : nil
    if let type = ending.flatMap({ typesByEnding[$0.lowercased()] }) {
      return MediaType(rawValue: type)
    }
    let staged = try OwnedDescriptor.open(file.path)
    let start = try Descriptor.read(staged.raw, upTo: 512)
    let isText = start.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
    return MediaType(rawValue: isText ? "text/plain" : "application/octet-stream")
  }
}
