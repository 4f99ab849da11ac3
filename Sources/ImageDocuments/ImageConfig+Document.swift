public import OCISpec

extension ImageConfig {
  /// The exact bytes to store and to hash.
  public func encoded() -> [UInt8] { SpecDocument.encode(self) }

  /// Decodes and checks a config blob.
  public static func decode(_ bytes: [UInt8]) throws(ImageSpecError) -> ImageConfig {
    let config = try SpecDocument.decode(
      ImageConfig.self, from: bytes, named: "image config", limit: sizeLimit
    ).value
    guard config.rootfs.type == "layers" else {
      throw .malformed("image config", "the type of rootfs is not layers")
    }
    guard config.rootfs.diffIDs.count <= Manifest.layerLimit else {
      throw .tooManyLayers(config.rootfs.diffIDs.count)
    }
    return config
  }
}
