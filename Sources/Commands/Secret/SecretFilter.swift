import Engine
import Model

/// `--filter` of `secret ls`.
struct SecretFilter {
  private var names: [TextPattern] = []
  private var ids: [String] = []

  init(_ texts: [String]) throws(ErrorReport) {
    for text in texts {
      let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else {
        throw ErrorReport(
          .invalidRequest, "invalid filter \"\(text)\": must be in the format of filter=value")
      }
      switch pair[0] {
      case "id": ids.append(String(pair[1]))
      case "name":
        guard let pattern = TextPattern(String(pair[1])) else {
          throw ErrorReport(
            .invalidRequest, "filter name: \"\(pair[1])\" is no regular expression")
        }
        names.append(pattern)
      default:
        throw ErrorReport(.invalidRequest, "invalid filter \"\(pair[0])\"")
      }
    }
  }

  func matches(_ secret: Secret) -> Bool {
    (ids.isEmpty || ids.contains { secret.id.hasPrefix($0) })
      && (names.isEmpty || names.contains { $0.matches(secret.name) })
  }
}
