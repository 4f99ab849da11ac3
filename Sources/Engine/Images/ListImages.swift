import ImageDocuments
import ImageStore
public import Model
import OCISpec

/// One image as lists show it.
public struct ImageSummary: Sendable {
  public var id: Digest
  /// In the order of their spelling.
  public var names: [ImageReference]
  /// Full names that it had before, the last first; empty where nobody asked for them.
  public var formerNames: [String] = []
  /// `REPOSITORY@sha256:…` for each name it was pulled by.
  public var repositoryDigests: [String]
  public var manifest: Digest
  /// Nanoseconds since the epoch; 0 when the image does not say.
  public var created: Int64
  /// Bytes of its unpacked layers.
  public var size: Int64
  public var platform: Platform
  public var labels: [String: String]
  /// Chain ids, lowest first.
  public var layers: [Digest]
  /// The names of containers made from it.
  public var containers: [String]
  /// It is in an additional store, which nothing here changes.
  public var isReadOnly = false
  /// It is no image but a list of them; `id` is the list's own digest.
  public var isManifestList = false

  public var isDangling: Bool { names.isEmpty }
}

/// What `images` shows.
public struct ListImages {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Every image, newest first; former names only on demand, as they are a file an image.
  public func run(formerNames: Bool = false) throws -> [ImageSummary] {
    let store = context.imageStore
    let users = try ImageUsers(context).names()
    var all = Self.summaries(try store.list(), try store.listNames(), users)
    if formerNames {
      let former = try store.listFormerNames()
      for index in all.indices {
        let names = all[index].names.map(\.full)
        all[index].formerNames = (former[all[index].id] ?? []).filter { !names.contains($0) }
      }
    }
    for (_, images, names) in store.listAdditional() {
      all += Self.summaries(images, names, users).map { summary in
        var summary = summary
        summary.isReadOnly = true
        return summary
      }
    }
    // What can be changed comes before the same in a store that is only read.
    return all.sorted {
      ($1.created, $0.id.hex, $0.isReadOnly ? 1 : 0)
        < ($0.created, $1.id.hex, $1.isReadOnly ? 1 : 0)
    }
  }

  private static func summaries(
    _ images: [StoredImage], _ names: [ImageName], _ users: [Digest: [String]]
  ) -> [ImageSummary] {
    let names = Dictionary(grouping: names, by: \.image)
    return images.map { image in
      let own = names[image.id] ?? []
      return ImageSummary(
        id: image.id, names: own.map(\.reference),
        repositoryDigests: unique(own.flatMap(\.repositoryDigests)),
        manifest: own.first?.manifest ?? image.manifest, created: image.created, size: image.size,
        platform: image.platform, labels: image.execution.labels, layers: image.layers,
        containers: users[image.id] ?? [])
    }
  }

  /// Every manifest list, one a name; those of additional stores come last.
  public func lists() throws -> [ImageSummary] {
    let store = ManifestListStore(context.imageStore)
    let lent = store.allAdditional().map { Self.summary($0, isReadOnly: true) }
    return (try store.all().map { Self.summary($0, isReadOnly: false) } + lent).compactMap { $0 }
  }

  private static func summary(
    _ match: ManifestListStore.Match, isReadOnly: Bool
  ) -> ImageSummary? {
    let (name, list) = match
    guard let digest = list.digest else { return nil }
    var summary = ImageSummary(
      id: digest, names: [name], repositoryDigests: ["\(name.name)@\(digest)"],
      manifest: digest, created: list.created ?? 0, size: Int64(list.index.encoded().count),
      platform: Platform(os: "", architecture: ""), labels: [:], layers: [], containers: [])
    summary.isManifestList = true
    summary.isReadOnly = isReadOnly
    return summary
  }

  static func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }
}
