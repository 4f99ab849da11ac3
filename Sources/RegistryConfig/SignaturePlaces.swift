public import Model

/// Where the signatures of images are kept (containers-registries.d(5)).
///
/// Of YAML only what these files use is read: keys below keys by indentation, and plain or quoted
/// values. Anything else is an error, for a place that is overlooked may be the one that counts.
public struct SignaturePlaces: Equatable, Sendable {
  /// `lookaside` by namespace; the key "" is `default-docker`.
  public private(set) var lookasides: [String: String] = [:]

  /// `lookaside-staging` by namespace: where signatures are written.
  public private(set) var stagings: [String: String] = [:]

  /// Below the home directory: where signatures are when no file names a place.
  public static let userDirectory = ".local/share/containers/sigstore"

  /// How many signatures of an image are looked at, and kept.
  public static let signatureLimit = 32

  public init() {}

  /// The base address for an image's signatures, nil when none is set.
  public func lookaside(for reference: ImageReference) -> String? {
    for scope in TrustPolicy.scopes(of: reference) {
      if let found = lookasides[scope] { return found }
    }
    return lookasides[""]
  }

  /// Where new signatures of an image go, nil when no place is set: the staging area of the longest
  /// namespace that has one place or the other.
  public func writableLookaside(for reference: ImageReference) -> String? {
    (TrustPolicy.scopes(of: reference) + [""]).lazy
      .compactMap { stagings[$0] ?? lookasides[$0] }.first
  }

  /// Adds what one file says.
  mutating func read(_ text: String, path: String) throws(ErrorReport) {
    var section = ""
    var namespace = ""
    var namespaceIndent: Int?
    for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      guard let line = Line(raw) else { continue }
      func bad(_ reason: String) -> ErrorReport {
        ErrorReport(
          .invalidRequest, "\(path):\(number + 1): \(reason)",
          hint: "correct the file; containers-registries.d(5) describes it")
      }
      if line.isUnreadable { throw bad("expected KEY: VALUE") }
      if line.indent == 0 {
        guard ["docker", "default-docker"].contains(line.key), line.value.isEmpty else {
          throw bad("\(line.key) is not understood here")
        }
        section = line.key
        namespace = ""
        namespaceIndent = nil
      } else if section == "docker", line.indent <= namespaceIndent ?? .max {
        guard line.value.isEmpty else { throw bad("\(line.key) is not understood here") }
        namespace = line.key
        namespaceIndent = line.indent
      } else {
        guard !section.isEmpty else { throw bad("\(line.key) is not understood here") }
        // The older word counts only where the newer one is not there.
        if line.key == "lookaside" {
          lookasides[namespace] = line.value
        } else if line.key == "sigstore" {
          lookasides[namespace] = lookasides[namespace] ?? line.value
        } else if line.key == "lookaside-staging" {
          stagings[namespace] = line.value
        } else if line.key == "sigstore-staging" {
          stagings[namespace] = stagings[namespace] ?? line.value
        } else if line.key != "use-sigstore-attachments" {
          throw bad("\(line.key) is not understood")
        }
      }
    }
  }

  private struct Line {
    let indent: Int
    var key = ""
    var value = ""
    var isUnreadable = false

    /// nil for blank lines, comments and the marks of documents.
    init?(_ raw: Substring) {
      indent = raw.prefix { $0 == " " }.count
      var text = raw.dropFirst(indent)
      if text.isEmpty || text.hasPrefix("#") || text.hasPrefix("---") { return nil }
      while let last = text.last, last == " " || last == "\r" || last == "\t" { text.removeLast() }
      if text.isEmpty { return nil }
      if let comment = text.firstRange(of: " #") { text = text[..<comment.lowerBound] }
      while text.last == " " { text.removeLast() }
      if text.last == ":" {
        key = Self.unquoted(text.dropLast())
      } else if let colon = text.firstRange(of: ": ") {
        key = Self.unquoted(text[..<colon.lowerBound])
        value = Self.unquoted(text[colon.upperBound...].drop { $0 == " " })
      }
      isUnreadable =
        key.isEmpty || ["{", "[", "&", "*", "!", "|", ">"].contains(value.prefix(1))
        || key.hasPrefix("-") || text.contains("\t")
    }

    private static func unquoted(_ text: Substring) -> String {
      guard text.count > 1, let first = text.first, first == text.last, "\"'".contains(first)
      else { return String(text) }
      return String(text.dropFirst().dropLast())
    }
  }
}
