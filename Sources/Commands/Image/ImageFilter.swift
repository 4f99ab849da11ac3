import CommandLineKit
import Engine
import LinuxSystem
import Model

/// `--filter` of images: one key repeated means any of its values, except labels, which must all
/// match; different keys must all match.
struct ImageFilter {
  private enum Test {
    case label(key: String, value: String?, wanted: Bool)
    case dangling(Bool)
    case used(Bool)
    case id(String)
    case digest(String)
    case reference(ImageNamePattern)
    case created(before: Int64)
    case createdAfter(Int64)
    case readOnly(Bool)
    case always(Bool)
  }

  private var tests: [(key: String, test: Test)] = []

  /// - Parameters:
  ///   - texts: `KEY=VALUE`, as given.
  ///   - images: all images, for filters that name one.
  /// - Throws: an unknown key, a value that it does not take, or an image that is not there.
  init(_ texts: [String], among images: [ImageSummary]) throws {
    for text in texts { try add(text, images) }
  }

  mutating func add(reference pattern: String) {
    tests.append(("reference", .reference(ImageNamePattern(pattern))))
  }

  private mutating func add(_ text: String, _ images: [ImageSummary]) throws {
    guard let equals = text.firstIndex(of: "=") else {
      throw ErrorReport(
        .invalidRequest,
        "invalid image filter \"\(text)\": must be in the format \"filter=value or filter!=value\"",
        hint: "write --filter KEY=VALUE")
    }
    var key = String(text[..<equals])
    let value = String(text[text.index(after: equals)...])
    if key == "label!" || (key == "label" && value.hasPrefix("!")) { key = "label!" }
    if key == "after" { key = "since" }
    tests.append((key, try Self.test(key, value, images)))
  }

  private static func test(_ key: String, _ value: String, _ images: [ImageSummary]) throws -> Test
  {
    switch key {
    case "label", "label!":
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return .label(
        key: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : nil,
        wanted: key == "label")
    case "dangling": return .dangling(try bool(key, value))
    case "containers": return .used(try bool(key, value))
    case "id": return .id(value.hasPrefix("sha256:") ? String(value.dropFirst(7)) : value)
    case "digest": return .digest(value)
    case "reference": return .reference(ImageNamePattern(value))
    case "before": return .created(before: try image(value, images).created)
    case "since": return .createdAfter(try image(value, images).created)
    case "until": return .created(before: try Moments.parse(value))
    case "readonly": return .readOnly(try bool(key, value))
    // Nothing here is an unnamed step of a build, a list, or another tool's.
    case "intermediate", "manifest", "external": return .always(try !bool(key, value))
    default:
      throw ErrorReport(
        .invalidRequest, "invalid filter \"\(key)\"",
        hint:
          "after, before, containers, dangling, digest, external, id, intermediate, label, "
          + "manifest, readonly, reference, since and until are known")
    }
  }

  private static func bool(_ key: String, _ value: String) throws(ErrorReport) -> Bool {
    switch value.lowercased() {
    case "true", "1", "t": return true
    case "false", "0", "f": return false
    default: throw ErrorReport(.invalidRequest, "filter \(key) is true or false, not \"\(value)\"")
    }
  }

  private static func image(_ text: String, _ images: [ImageSummary]) throws(ErrorReport)
    -> ImageSummary
  {
    let pattern = ImageNamePattern(text)
    if let found = images.first(where: {
      $0.id.hex.hasPrefix(text) || $0.names.contains(where: pattern.matches)
    }) {
      return found
    }
    throw ErrorReport(.notFound, "\(text): image not known")
  }

  func matches(_ image: ImageSummary) -> Bool {
    for (key, group) in Dictionary(grouping: tests, by: \.key) {
      let results = group.lazy.map { Self.holds($0.test, image) }
      let isLabel = key == "label" || key == "label!"
      guard isLabel ? results.allSatisfy({ $0 }) : results.contains(true) else { return false }
    }
    return true
  }

  /// The names that a reference filter asks for; all without one.
  func shownNames(_ image: ImageSummary) -> [ImageReference] {
    let patterns = tests.compactMap { test -> ImageNamePattern? in
      if case .reference(let pattern) = test.test { pattern } else { nil }
    }
    // A digest says nothing beside a tag of the same repository.
    let tagged = Set(image.names.filter { $0.tag != nil }.map(\.name))
    let names = image.names.filter { $0.tag != nil || !tagged.contains($0.name) }
    guard !patterns.isEmpty else { return names }
    return image.names.filter { name in patterns.contains { $0.matches(name) } }
  }

  private static func holds(_ test: Test, _ image: ImageSummary) -> Bool {
    switch test {
    case .label(let key, let value, let wanted):
      let found = image.labels[key]
      return (found != nil && (value == nil || found == value)) == wanted
    case .dangling(let wanted): return image.isDangling == wanted
    case .used(let wanted): return image.containers.isEmpty != wanted
    case .id(let prefix): return image.id.hex.hasPrefix(prefix)
    case .digest(let digest):
      return "\(image.manifest)".hasPrefix(digest)
        || image.repositoryDigests.contains { $0.hasSuffix("@\(digest)") }
    case .reference(let pattern): return image.names.contains(where: pattern.matches)
    case .created(let before): return image.created < before
    case .createdAfter(let moment): return image.created > moment
    case .readOnly(let wanted): return image.isReadOnly == wanted
    case .always(let value): return value
    }
  }
}

/// A shell pattern for image names: `alpine`, `quay.io/*/app:1.*`.
struct ImageNamePattern: Sendable {
  private let pattern: [Character]

  init(_ text: String) { pattern = Array(text) }

  /// Whether it matches the name, with or without its tag, from any of its parts on.
  func matches(_ name: ImageReference) -> Bool {
    for spelling in [name.full, name.name] {
      var rest = spelling[...]
      while true {
        if matches(Array(rest)[...], pattern[...]) { return true }
        guard let slash = rest.firstIndex(of: "/") else { break }
        rest = rest[rest.index(after: slash)...]
      }
    }
    return false
  }

  /// `*` and `?` stop at a slash; `[a-z]` and `[^a-z]` are sets (path.Match of Go).
  private func matches(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
    var text = text
    var pattern = pattern
    while let sign = pattern.popFirst() {
      switch sign {
      case "*":
        while true {
          if matches(text, pattern) { return true }
          guard let next = text.popFirst(), next != "/" else { return false }
        }
      case "?": guard let next = text.popFirst(), next != "/" else { return false }
      case "[":
        guard let close = pattern.firstIndex(of: "]"), let next = text.popFirst() else {
          return false
        }
        let set = pattern[pattern.startIndex..<close]
        let negated = set.first == "^"
        guard Self.contains(set.dropFirst(negated ? 1 : 0), next) != negated else { return false }
        pattern = pattern[(close + 1)...]
      default: guard text.popFirst() == sign else { return false }
      }
    }
    return text.isEmpty
  }

  private static func contains(_ set: ArraySlice<Character>, _ character: Character) -> Bool {
    var rest = set
    while let low = rest.popFirst() {
      if rest.count > 1, rest.first == "-", let high = rest.dropFirst().first {
        rest = rest.dropFirst(2)
        if low <= character, character <= high { return true }
      } else if low == character {
        return true
      }
    }
    return false
  }
}
