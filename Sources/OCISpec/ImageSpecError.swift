public import Model

/// Why a document of an image is not accepted.
public enum ImageSpecError: ReportableError, Equatable {
  /// The document ("manifest", "image config", ...) and what is wrong with it.
  case malformed(String, String)
  case tooLarge(String, size: Int, limit: Int)
  case tooManyLayers(Int)
  /// A document that reads as a manifest and as an index (CVE-2021-41190).
  case ambiguous
  /// The document says it is something else than the Content-Type or descriptor said.
  case mediaTypeMismatch(expected: MediaType, found: MediaType)
  case unsupported(MediaType)
  /// A manifest of Docker's schema 1.
  case schema1

  public var report: ErrorReport {
    switch self {
    case .malformed(let document, let reason):
      ErrorReport(.invalidRequest, "the \(document) is malformed: \(reason)")
    case .tooLarge(let document, let size, let limit):
      ErrorReport(
        .invalidRequest, "the \(document) has \(size) bytes, more than the limit of \(limit)")
    case .tooManyLayers(let count):
      ErrorReport(
        .invalidRequest, "the image has \(count) layers, more than \(Manifest.layerLimit)",
        hint: "squash the image where it is built")
    case .ambiguous:
      ErrorReport(
        .invalidRequest, "the manifest has both layers and manifests, so its meaning is ambiguous",
        hint: "ask the publisher of the image to push it again")
    case .mediaTypeMismatch(let expected, let found):
      ErrorReport(
        .invalidRequest,
        "the manifest says it is \(found.rawValue.debugDescription) but was delivered as "
          + expected.rawValue.debugDescription)
    case .unsupported(let type):
      ErrorReport(
        .invalidRequest, "the media type \(type.rawValue.debugDescription) is not supported")
    case .schema1:
      ErrorReport(
        .invalidRequest, "the image has a manifest of Docker's old schema 1",
        hint: "push the image again with a current tool")
    }
  }
}
