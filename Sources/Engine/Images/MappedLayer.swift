import ImageStore
import LayerStorage
import LinuxSystem
import Model
import UserNamespaces

/// Images with translated owners, made once for each image and mapping: as a layer that refers to
/// the contents of the others where the kernel can follow that, otherwise as a copy.
struct MappedLayer {
  private let context: EngineContext

  init(_ context: EngineContext) { self.context = context }

  /// Makes sure there is a copy of `image` for containers whose ids `map` nests in ours.
  ///
  /// - Returns: the directory of its files, relative to the layers' root.
  func ensure(
    _ image: StoredImage, _ map: IDMapping, events: (TransferEvent) -> Void = { _ in }
  ) throws -> String {
    guard let top = image.layers.last else {
      throw ErrorReport(.invalidRequest, "image \(image.id.shortID) has no layers to map")
    }
    let name = Self.name(of: map)
    let layers = context.imageStore.layers
    let mayRefer = (context.storageDriver ?? .overlay) == .overlay
    let referring = layers.mapped(top, map: ReferringLayer.name(name))
    let copy = layers.mappedDiff(top, map: name)
    var path = copy
    if mayRefer, MappedMark(referring).isUsable {
      path = ReferringLayer.directory(referring)
    } else if !MappedMark(layers.mapped(top, map: name)).isUsable {
      var request = RemapRequest(
        image: "\(image.id)", mapName: name, uids: map.users.map(Self.range),
        gids: map.groups.map(Self.range))
      request.mayRefer = mayRefer
      path = try HelperClient(context).run(.remap(request), events: events).path ?? copy
    }
    return String(path.dropFirst(layers.root.utf8.count + 1))
  }

  /// Makes the copy that a container stands on again where a power cut may have torn it.
  func renew(_ config: ContainerConfig) throws {
    guard let use = config.image, let mapped = use.mapped, let name = ImageUsers.mappedName(mapped)
    else { return }
    let layers = context.imageStore.layers
    if MappedMark("\(layers.root)/mapped/\(name)").isUsable { return }
    let mapping = try context.idMapping()
    guard let id = Digest(algorithm: .sha256, hex: use.id),
      let image = try context.imageStore.find(id: id),
      let nested = try config.namespaces.userns.nested(
        in: mapping, uid: context.uid, gid: context.gid),
      try ensure(image, nested) == mapped
    else {
      throw ErrorReport(
        .unavailable, "the image's files of container \(config.name) for its ids are gone",
        hint: "create the container again")
    }
  }

  /// In the place of a mapping: all layers as one tree, as they are.
  static let whole = "whole"

  /// Makes sure there is a copy of all of `image` as it is.
  ///
  /// - Returns: the directory of its files.
  func ensureCopy(_ image: StoredImage, events: (TransferEvent) -> Void = { _ in }) throws
    -> String
  {
    guard let top = image.layers.last else {
      throw ErrorReport(.invalidRequest, "image \(image.id.shortID) has no layers")
    }
    let name = Self.whole
    let path = context.imageStore.layers.mappedDiff(top, map: name)
    if MappedMark(context.imageStore.layers.mapped(top, map: name)).isUsable { return path }
    let all = RemapRequest.Range(image: 0, target: 0, length: .max)
    let request = RemapRequest(image: "\(image.id)", mapName: name, uids: [all], gids: [all])
    return try HelperClient(context).run(.remap(request), events: events).path ?? path
  }

  private static func range(_ range: IDRange) -> RemapRequest.Range {
    RemapRequest.Range(image: range.inside, target: range.outside, length: range.count)
  }

  /// The same for the same mapping, and short: it becomes part of mount options.
  static func name(of map: IDMapping) -> String {
    // FNV-1a of both tables; a user has a handful of mappings, and only his own.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for (group, table) in [map.users, map.groups].enumerated() {
      for number in [UInt32(group)] + table.flatMap({ [$0.inside, $0.outside, $0.count] }) {
        for shift in [0, 8, 16, 24] as [UInt32] {
          hash = (hash ^ UInt64((number >> shift) & 0xff)) &* 0x100_0000_01b3
        }
      }
    }
    let digits = String(hash, radix: 16)
    return "m" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
