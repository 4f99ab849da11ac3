import LinuxSystem
public import Model
public import StateStore

/// What can go wrong with the images on disk.
public enum ImageStoreError: Error, Equatable, Sendable {
  case notFound(String)
  case ambiguousPrefix(String, matches: [Digest])
  /// A name without a registry that several images have.
  case ambiguousName(String, matches: [String])
  case nameIsNotAName(String, ErrorReport)
  /// Containers still use the image.
  case inUse(String, containers: [String])
  /// The image has several names, so removing it by its ID needs force.
  case severalNames(Digest, names: [String])
  case missingBlob(Digest)
  case damaged(String)
  case state(StateError)
}

extension ImageStoreError: ReportableError {
  public var report: ErrorReport {
    switch self {
    case .notFound(let name):
      ErrorReport(
        .notFound, "\(name): image not known", hint: "get it with: martlet pull \(name)")
    case .ambiguousPrefix(let prefix, let matches):
      ErrorReport(
        .invalidRequest,
        "image ID \(prefix) is ambiguous: it matches "
          + matches.map(\.shortID).joined(separator: ", "),
        hint: "give more digits")
    case .ambiguousName(let name, let matches):
      ErrorReport(
        .invalidRequest,
        "image name \(name) is ambiguous: it matches "
          + matches.joined(separator: ", "),
        hint: "write the name with its registry")
    case .nameIsNotAName(_, let report): report
    case .inUse(let name, let containers):
      ErrorReport(
        .conflict,
        "image \(name) used by \(containers.joined(separator: ", ")): "
          + "image is in use by a container",
        hint: "remove the containers first, or use --force to remove them as well")
    case .severalNames(let id, let names):
      ErrorReport(
        .conflict, "image \(id.shortID) has several names: \(names.joined(separator: ", "))",
        hint: "remove the names one by one, or use --force to remove all of them")
    case .missingBlob(let digest):
      ErrorReport(
        .unavailable, "blob \(digest) is missing from the image store",
        hint: "get it again with: martlet pull IMAGE")
    case .damaged(let what):
      ErrorReport(.unavailable, "\(what) is damaged", hint: "run martlet system check")
    case .state(let error): error.report
    }
  }
}

func stated<Result: ~Copyable>(
  _ body: () throws(StateError) -> Result
) throws(ImageStoreError) -> Result {
  do throws(StateError) { return try body() } catch { throw .state(error) }
}

func system<Result: ~Copyable>(
  _ body: () throws(SystemError) -> Result
) throws(ImageStoreError) -> Result {
  do throws(SystemError) { return try body() } catch { throw .state(.system(error)) }
}
