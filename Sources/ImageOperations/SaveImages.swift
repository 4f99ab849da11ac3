import FoundationEssentials
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import StateStore

/// Writes images as an archive or directory that podman, docker, skopeo and umoci read.
struct SaveImages {
  let store: ImageStore
  let reporter: Reporter

  /// An image to be saved, with the names it goes by in the archive.
  struct Item {
    var image: StoredImage
    var manifest: Manifest
    var manifestBytes: [UInt8]
    var configBytes: [UInt8]
    var config: ImageConfig
    var names: [ImageReference]
  }

  func run(_ request: SaveRequest) throws -> HelperEvent.Result {
    let layers = SavedLayers(store, reporter, form: request.layerForm)
    let collected = try collect(request.images)
    guard !collected.isEmpty else { throw OperationError.badRequest("no image to save") }
    let lease = try Lease(
      store,
      blobs: collected.flatMap { item in
        [item.image.manifest, item.image.id] + item.manifest.layers.map(\.digest)
      })
    let items = try collected.map(layers.prepare)
    switch request.format {
    case .dockerArchive:
      try withArchive(request.path) { try DockerArchiveWriter(self, $0).write(items) }
    case .ociArchive:
      try withArchive(request.path) { archive in
        try LayoutWriter(layers, ArchivePlace(archive)).write(items)
      }
    case .ociDirectory:
      try withDirectory(request.path) { try LayoutWriter(layers, DirectoryPlace($0)).write(items) }
    case .dockerDirectory:
      guard items.count == 1 else {
        throw ErrorReport(
          .invalidRequest, "docker-dir holds one image, not \(items.count)",
          hint: "save the images one by one, or use oci-dir")
      }
      try withDirectory(request.path) { try writePlainDirectory(items[0], layers, $0) }
    }
    _ = lease
    return HelperEvent.Result(
      images: items.map {
        HelperEvent.Result.Image(id: $0.image.id, names: $0.names.map(\.full))
      })
  }

  /// The images as the user named them; two names of one image make one item.
  private func collect(_ texts: [String]) throws -> [Item] {
    var items: [Item] = []
    for text in texts {
      guard let match = try store.findMatch(text) else { throw ImageStoreError.notFound(text) }
      let name = match.name?.reference
      if let index = items.firstIndex(where: { $0.image.id == match.image.id }) {
        if let name, !items[index].names.contains(name) { items[index].names.append(name) }
        continue
      }
      let digest = match.name?.manifest ?? match.image.manifest
      let bytes = try store.blobs.load(digest)
      guard case .manifest(let manifest) = try ManifestDocument.decode(bytes) else {
        throw ImageStoreError.damaged("manifest \(digest)")
      }
      let configBytes = try store.blobs.load(manifest.config.digest)
      items.append(
        Item(
          image: match.image, manifest: manifest, manifestBytes: bytes, configBytes: configBytes,
          config: try ImageConfig.decode(configBytes), names: [name].compactMap { $0 }))
    }
    return items
  }

  /// Writes beside the path and renames, so that a half-written archive is never taken for one.
  private func withArchive(_ path: String, _ body: (TarWriter) throws -> Void) throws {
    if path == "-" {
      try write(HelperRequest.userOutput, body)
      return
    }
    if let status = try FileStatus.find(path, follow: true), status.kind != .regular {
      if status.kind == .directory { throw OperationError.exists(path: path) }
      let file = try OwnedDescriptor.open(path, [.writeOnly])
      try write(file.raw, body)
      return
    }
    let temporary = "\(path).\(try RandomName.make())"
    let file = try OwnedDescriptor.open(temporary, [.writeOnly, .create, .exclusive], mode: 0o644)
    do {
      try write(file.raw, body)
      try FileTree.rename(temporary, to: path)
    } catch {
      // The first failure is the one to tell.
      _ = try? FileTree.unlinkIfPresent(temporary)
      throw error
    }
  }

  private func write(_ descriptor: Int32, _ body: (TarWriter) throws -> Void) throws {
    let writer = TarWriter { (bytes, range) throws(ArchiveError) in
      do throws(SystemError) {
        try OpenFile.write(descriptor, bytes, range)
      } catch {
        throw .system(error)
      }
    }
    try body(writer)
    try writer.finish()
  }

  private func withDirectory(_ path: String, _ body: (String) throws -> Void) throws {
    if let status = try FileStatus.find(path, follow: true) {
      guard status.kind == .directory, try FileTree.list(path).isEmpty else {
        throw OperationError.exists(path: path)
      }
    } else {
      try FileTree.makeDirectory(path, mode: 0o755)
    }
    try body(path)
  }

  private func writePlainDirectory(_ item: Item, _ layers: SavedLayers, _ path: String) throws {
    let place = DirectoryPlace(path)
    try place.add("version", Array("Directory Transport Version: 1.1\n".utf8))
    try place.add(item.manifest.config.digest.hex, item.configBytes)
    for layer in item.manifest.layers { try layers.copy(layer, to: place, as: layer.digest.hex) }
    try place.add("manifest.json", item.manifestBytes)
  }
}

/// Where the files of a saved image go.
protocol SavePlace {
  func add(
    _ name: String, size: Int64,
    _ body: (_ write: ([UInt8]) throws(ArchiveError) -> Void) throws(ArchiveError) -> Void
  ) throws
}

extension SavePlace {
  func add(_ name: String, _ bytes: [UInt8]) throws {
    try add(name, size: Int64(bytes.count)) { (write) throws(ArchiveError) in try write(bytes) }
  }
}

final class ArchivePlace: SavePlace {
  private let writer: TarWriter
  private var directories: Set<Substring> = []

  init(_ writer: TarWriter) { self.writer = writer }

  func add(
    _ name: String, size: Int64,
    _ body: (_ write: ([UInt8]) throws(ArchiveError) -> Void) throws(ArchiveError) -> Void
  ) throws {
    // Directories have entries of their own: skopeo without root cannot make the missing ones.
    for index in name.indices where name[index] == "/" {
      if directories.insert(name[..<index]).inserted, let path = RawPath(name[...index].utf8) {
        try writer.add(TarEntry(path, .directory, permissions: 0o755))
      }
    }
    guard let path = RawPath(name) else { throw OperationError.badRequest("a name with NUL") }
    try writer.begin(TarEntry(path, .file, permissions: 0o644, size: size))
    try body { (bytes) throws(ArchiveError) in try writer.write(bytes, 0..<bytes.count) }
  }
}

struct DirectoryPlace: SavePlace {
  private let root: String

  init(_ root: String) { self.root = root }

  func add(
    _ name: String, size: Int64,
    _ body: (_ write: ([UInt8]) throws(ArchiveError) -> Void) throws(ArchiveError) -> Void
  ) throws {
    if let slash = name.lastIndex(of: "/") {
      try FileTree.ensureDirectory("\(root)/\(name[..<slash])", mode: 0o755)
    }
    let file = try OwnedDescriptor.open(
      "\(root)/\(name)", [.writeOnly, .create, .truncate], mode: 0o644)
    let fd = file.raw
    try body { (bytes) throws(ArchiveError) in
      do throws(SystemError) {
        try OpenFile.write(fd, bytes, 0..<bytes.count)
      } catch {
        throw .entry(name, error)
      }
    }
  }
}
