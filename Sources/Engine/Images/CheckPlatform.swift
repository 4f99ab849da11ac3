import ImageStore
import Model

/// Asks that images are for the platform that the user wants: a name has one image here, so there
/// is nothing to choose from.
public struct CheckPlatform {
  private let store: ImageStore

  public init(_ context: EngineContext) { store = context.imageStore }

  /// Does nothing about an image that is not here, which is left to whoever needs it.
  ///
  /// `platform`: `os/arch[/variant]`; nil takes any.
  ///
  /// - Throws: a report that says what the image is for.
  public func run(_ images: [String], _ platform: String?) throws {
    guard let platform = try platform.map({ try Platform($0) }) else { return }
    for text in images {
      let name = ResolveImage.withoutTransport(text)
      guard let match = try store.findMatch(name) else {
        guard try ManifestListStore(store).findMatch(name) != nil else { continue }
        throw ErrorReport(
          .invalidRequest, "\(text) is a manifest list, of which --platform takes no image here",
          hint: "name the image of the platform itself")
      }
      guard match.image.platform != platform else { continue }
      throw ErrorReport(
        .notFound, "image \(text) is for \(match.image.platform), not for \(platform)",
        hint: "get the other one with: martlet pull --platform \(platform) \(text)")
    }
  }
}
