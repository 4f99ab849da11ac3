import Model

/// The platform of an index's entry as its author wrote it (image-spec image-index.md).
///
/// ``Platform`` normalises: that a variant says nothing new, and what else an entry tells of its
/// system, would be lost from an index that is read and written again.
struct StatedPlatform: Codable, Hashable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case os, architecture, variant, features
    case osVersion = "os.version"
    case osFeatures = "os.features"
  }

  let os: String
  let architecture: String
  let variant: String?
  var osVersion: String?
  var osFeatures: [String]?
  var features: [String]?

  /// Says no more than the platform; `like` keeps its version and features when it is the same
  /// operating system.
  init(_ platform: Platform, like other: StatedPlatform? = nil) {
    let kept = other?.os == platform.os ? other : nil
    os = platform.os
    architecture = platform.architecture
    variant = platform.variant
    osVersion = kept?.osVersion
    osFeatures = kept?.osFeatures
    features = kept?.features
  }

  var platform: Platform {
    Platform(os: os, architecture: architecture, variant: variant)
  }
}
