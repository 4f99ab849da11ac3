import FoundationEssentials

/// The names of everything that a Martlet store holds, without the files of layers and volumes.
///
/// Two equal inventories: what happened in between left nothing and took nothing.
public struct StoreInventory: Equatable, Sendable {
  public let entries: [String]

  /// `data`: the XDG_DATA_HOME that the store is below.
  public init(data: String) {
    let root = data + "/martlet"
    var found: [String] = []
    for place in ["", "images", "images/blobs/sha256"] + Self.emptied {
      for name in Self.names(in: "\(root)/\(place)") where !Self.isExpected(name, in: place) {
        found.append("\(place)/\(name)")
      }
    }
    entries = found.sorted()
  }

  /// Whether no removal is under way.
  public var isAtRest: Bool { !entries.contains { $0.hasPrefix("trash/") } }

  /// What is here and was not there, and the other way round.
  public func difference(from earlier: StoreInventory) -> [String] {
    entries.filter { !earlier.entries.contains($0) }.map { "new: \($0)" }
      + earlier.entries.filter { !entries.contains($0) }.map { "gone: \($0)" }
  }

  private static let emptied = [
    "containers", "names", "trash", "volumes", "locks", "layers", "layers/mapped", "layers/l",
    "images/records", "images/names", "images/ingest", "images/locks",
  ]

  /// Directories, lock files and layers that are made at first use and stay.
  private static func isExpected(_ name: String, in place: String) -> Bool {
    switch place {
    case "", "images": !name.hasPrefix(".")
    case "locks", "images/locks": ["names", "turn", "when-full"].contains(name)
    case "layers": ["empty", "l", "mapped", "placeholders"].contains(name)
    default: false
    }
  }

  private static func names(in directory: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
  }
}
