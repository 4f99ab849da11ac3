public import Model
import TOML

/// What is read of storage.conf (containers-storage.conf(5)): where podman keeps its own images and
/// containers does not concern us.
public struct StorageConfig: Equatable, Sendable {
  /// `driver`; nil when the file does not say.
  public var driver: String?
  /// `additionalimagestores`: directories with images that are only read.
  public var additionalStores: [String] = []

  public init() {}

  init(_ bytes: [UInt8], path: String) throws(ErrorReport) {
    let document: TOMLValue
    do { document = try TOMLValue.parse(bytes) } catch {
      throw Self.bad(path, ":\(error.line): \(error.reason)")
    }
    let storage = document["storage"]
    if let driver = storage?["driver"] {
      guard let text = driver.text else { throw Self.bad(path, ": driver is not a string") }
      if !text.isEmpty { self.driver = text }
    }
    guard let stores = storage?["options"]?["additionalimagestores"] else { return }
    guard let list = stores.list else {
      throw Self.bad(path, ": additionalimagestores is not a list")
    }
    for store in list {
      guard let text = store.text, text.hasPrefix("/") else {
        throw Self.bad(path, ": additionalimagestores holds something else than absolute paths")
      }
      if !additionalStores.contains(text) { additionalStores.append(text) }
    }
  }

  private static func bad(_ path: String, _ reason: String) -> ErrorReport {
    ErrorReport(
      .invalidRequest, "\(path)\(reason)",
      hint: "correct the file; containers-storage.conf(5) describes it")
  }
}

extension ConfigFiles {
  /// What the first of `CONTAINERS_STORAGE_CONF`, the user's, the machine's and the vendor's
  /// storage.conf says.
  public func storage() throws(ErrorReport) -> StorageConfig {
    if let path = storageOverride,
      let bytes = try Self.read(path, requiredBy: "CONTAINERS_STORAGE_CONF")
    {
      return try StorageConfig(bytes, path: path)
    }
    for directory in [user, system, vendor].compactMap({ $0 }) {
      let path = "\(directory)/storage.conf"
      if let bytes = try Self.read(path) { return try StorageConfig(bytes, path: path) }
    }
    return StorageConfig()
  }
}
