import ImageDocuments
import ImageStore
import LinuxSystem
import Model
import OCISpec
import StateStore

/// What the store takes on the disk (`system df`).
public struct DiskReport: Sendable {
  public struct Image: Sendable {
    public var summary: ImageSummary
    /// Bytes that other images have as well.
    public var shared: Int64
    /// Bytes that only this image has.
    public var unique: Int64
  }

  public struct Container: Sendable {
    public var summary: ContainerSummary
    /// Bytes of its directory: its files, its configuration and its log.
    public var size: Int64
    public var command: String { summary.command.joined(separator: " ") }
  }

  public struct Volume: Sendable {
    public var name: String
    /// How many containers mount it.
    public var links: Int
    public var size: Int64
  }

  public var images: [Image] = []
  public var containers: [Container] = []
  public var volumes: [Volume] = []
  /// Bytes of everything below `images` and `layers`.
  public var imageBytes: Int64 = 0
  /// Bytes that `image prune --all` would free.
  public var reclaimableImageBytes: Int64 = 0

  public var activeImages: Int { images.count { !$0.summary.containers.isEmpty } }
  public var containerBytes: Int64 { containers.reduce(0) { $0 + $1.size } }
  public var activeContainers: Int { containers.count { $0.summary.status.isAlive } }
  public var reclaimableContainerBytes: Int64 {
    containers.reduce(0) { $0 + ($1.summary.status.isAlive ? 0 : $1.size) }
  }
  public var volumeBytes: Int64 { volumes.reduce(0) { $0 + $1.size } }
  public var activeVolumes: Int { volumes.count { $0.links > 0 } }
  public var reclaimableVolumeBytes: Int64 {
    volumes.reduce(0) { $0 + ($1.links > 0 ? 0 : $1.size) }
  }
}

/// Measures the store by looking at every file of it.
public struct MeasureDisk {
  private let context: EngineContext
  private let store: ImageStore

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
  }

  public func run() throws -> DiskReport {
    // Of what is only read, layers may have been unpacked here.
    let images = Self.unique(try ListImages(context).run())
    let containers = try ListContainers(context).run()
    let volumes = ((try? FileTree.list(context.volumes)) ?? []).sorted()
    let pieces = try images.map { try files(of: $0) }
    let all = Set(pieces.joined()).sorted()
    let others =
      containers.map { "\(context.containers)/\($0.id)" }
      + volumes.map { "\(context.volumes)/\($0)" }
    let sizes = try MeasureTrees(context: context).run(
      all + others + [MeasureTrees.freshStart, store.root, store.layers.root])
    var size: [String: Int64] = [:]
    for (path, bytes) in zip(all + others, sizes) { size[path] = bytes ?? 0 }
    var report = DiskReport()
    report.imageBytes = sizes.suffix(2).reduce(0) { $0 + ($1 ?? 0) }
    fill(&report, images, pieces, size)
    report.images.removeAll { $0.summary.isReadOnly }
    report.containers = containers.map {
      DiskReport.Container(summary: $0, size: size["\(context.containers)/\($0.id)"] ?? 0)
    }
    report.volumes = volumes.map { name in
      DiskReport.Volume(
        name: name, links: containers.count { $0.volumes.contains(name) },
        size: size["\(context.volumes)/\(name)"] ?? 0)
    }
    return report
  }

  /// Without those of additional stores that are here as well, or are in another such store.
  private static func unique(_ images: [ImageSummary]) -> [ImageSummary] {
    var seen = Set(images.filter { !$0.isReadOnly }.map(\.id))
    return images.filter { !$0.isReadOnly || seen.insert($0.id).inserted }
  }

  private func fill(
    _ report: inout DiskReport, _ images: [ImageSummary], _ pieces: [[String]],
    _ size: [String: Int64]
  ) {
    var users: [String: Int] = [:]
    var needed: Set<String> = []
    for (image, paths) in zip(images, pieces) {
      for path in Set(paths) { users[path, default: 0] += 1 }
      if !image.containers.isEmpty { needed.formUnion(paths) }
    }
    report.images = zip(images, pieces).map { image, paths in
      var shared: Int64 = 0
      var unique: Int64 = 0
      for path in Set(paths) {
        if users[path] == 1 { unique += size[path] ?? 0 } else { shared += size[path] ?? 0 }
      }
      return DiskReport.Image(summary: image, shared: shared, unique: unique)
    }
    report.reclaimableImageBytes = users.keys.reduce(0) {
      needed.contains($1) ? $0 : $0 + (size[$1] ?? 0)
    }
  }

  /// The files and directories that an image needs.
  private func files(of image: ImageSummary) throws -> [String] {
    var pieces = [store.blobs.path(image.id), store.blobs.path(image.manifest)]
    // One that cannot be read is system check's to tell.
    if let bytes = try? store.blobs.load(image.manifest),
      case .manifest(let manifest)? = try? ManifestDocument.decode(bytes)
    {
      pieces += manifest.layers.map { store.blobs.path($0.digest) }
    }
    var chains = image.layers
    while let lowest = chains.first, let parent = try store.layers.find(lowest)?.parent {
      chains.insert(parent, at: 0)
    }
    pieces += chains.map { store.layers.path($0) }
    if let top = image.layers.last {
      let mapped = (try? FileTree.list("\(store.layers.root)/mapped")) ?? []
      pieces += mapped.filter { $0.hasPrefix(top.hex) }.map { "\(store.layers.root)/mapped/\($0)" }
    }
    return pieces
  }
}
