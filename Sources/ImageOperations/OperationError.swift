public import Model

/// What image operations themselves find wrong; other failures come from the modules below.
public enum OperationError: ReportableError, Equatable {
  case badRequest(String)
  case notAnImageArchive(path: String, reason: String)
  case missingInArchive(String)
  case noSpace(needed: Int64, free: Int64)
  case badChange(String, reason: String)
  case exists(path: String)
  case unmapped(id: UInt32, kind: String)
  case outsideStore(path: String)

  public var report: ErrorReport {
    switch self {
    case .badRequest(let reason): ErrorReport(.bug, "bad request to martlet-image: \(reason)")
    case .notAnImageArchive(let path, let reason):
      ErrorReport(
        .invalidRequest,
        "\(path): payload does not match any of the supported image formats: \(reason)",
        hint: "for a root filesystem use martlet import; images come from martlet save, "
          + "podman save, docker save or skopeo copy")
    case .missingInArchive(let name):
      ErrorReport(
        .invalidRequest, "the archive lacks \(name.debugDescription), which its manifest names",
        hint: "save the image again")
    case .noSpace(let needed, let free):
      ErrorReport(
        .unavailable,
        "not enough disk space: needs \(Self.bytes(needed)), have \(Self.bytes(free))",
        hint: "free some space, for example with: martlet image prune")
    case .badChange(let change, let reason):
      ErrorReport(
        .invalidRequest, "bad change \(change.debugDescription): \(reason)",
        hint: "use CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR")
    case .exists(let path):
      ErrorReport(
        .conflict, "\(path) exists already", hint: "remove it, or choose another path")
    case .unmapped(let id, let kind):
      ErrorReport(
        .notPermitted, "the image has files of \(kind) \(id), which the mapping has no id for",
        hint: "use a mapping that covers \(kind) \(id)")
    case .outsideStore(let path):
      ErrorReport(.bug, "refusing to remove \(path): it is not below the data directory")
    }
  }

  private static func bytes(_ count: Int64) -> String {
    count < 10_000_000 ? "\(count / 1_000) kB" : "\(count / 1_000_000) MB"
  }
}
