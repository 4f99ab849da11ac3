import ImageStore
public import Model

/// The layers of an image, and the images that each of them ends.
public struct ImageTree: Sendable {
  public struct Layer: Sendable {
    /// Its chain id.
    public var id: Digest
    /// Bytes of its files.
    public var size: Int64
    /// The names of images whose last layer it is; an image without a name shows its id.
    public var topOf: [String]
    /// Layers upon it; filled only in a tree of dependents.
    public var children: [Layer] = []
  }

  public var image: ImageSummary
  public var layers: [Layer]
}

/// `image tree`: reads how an image is layered.
public struct ReadImageTree {
  private let context: EngineContext
  private let store: ImageStore

  public init(_ context: EngineContext) {
    self.context = context
    store = context.imageStore
  }

  /// The image's own layers, lowest first.
  public func run(_ text: String) throws -> ImageTree {
    let (image, tops) = try read(text)
    var layers: [ImageTree.Layer] = []
    var next = image.layers.last
    while let chain = next {
      guard let layer = try store.layers.find(chain) else {
        throw ImageStoreError.damaged("layer \(chain.shortID)")
      }
      layers.insert(
        ImageTree.Layer(id: chain, size: layer.size, topOf: tops[chain] ?? []), at: 0)
      next = layer.parent
    }
    return ImageTree(image: image, layers: layers)
  }

  /// The image's last layer with all layers of the store that lie on it.
  public func dependents(of text: String) throws -> ImageTree {
    let (image, tops) = try read(text)
    guard let top = image.layers.last else { return ImageTree(image: image, layers: []) }
    var children: [Digest: [Digest]] = [:]
    var sizes: [Digest: Int64] = [:]
    for chain in try store.layers.list() {
      guard let layer = try store.layers.find(chain) else { continue }
      sizes[chain] = layer.size
      if let parent = layer.parent { children[parent, default: []].append(chain) }
    }
    func grow(_ chain: Digest) -> ImageTree.Layer {
      ImageTree.Layer(
        id: chain, size: sizes[chain] ?? 0, topOf: tops[chain] ?? [],
        children: (children[chain] ?? []).sorted { $0.hex < $1.hex }.map(grow))
    }
    return ImageTree(image: image, layers: [grow(top)])
  }

  private func read(_ text: String) throws -> (ImageSummary, [Digest: [String]]) {
    guard let found = try store.find(ResolveImage.withoutTransport(text)) else {
      throw ErrorReport(.notFound, "\(text): image not known")
    }
    let all = try ListImages(context).run()
    guard let image = all.first(where: { $0.id == found.id }) else {
      throw ErrorReport(.notFound, "\(text): image not known")
    }
    var tops: [Digest: [String]] = [:]
    for other in all {
      guard let top = other.layers.last else { continue }
      tops[top, default: []] += other.isDangling ? [other.id.shortID] : other.names.map(\.full)
    }
    return (image, tops)
  }
}
