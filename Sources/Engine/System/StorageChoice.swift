import LayerStorage
import LinuxSystem
import Model
import RegistryConfig
import StateStore

/// Which storage driver new containers are made with.
///
/// The command line decides, then STORAGE_DRIVER and storage.conf; otherwise the first of overlay,
/// fuse-overlayfs and vfs that works where the containers are. That is found out once and kept until
/// the next boot, or until it fails.
struct StorageChoice {
  private let context: EngineContext
  private let variable: String?
  private let files: ConfigFiles
  private let probe: () -> StorageDriver?

  init(
    _ context: EngineContext, variable: String? = CurrentProcess.environment("STORAGE_DRIVER"),
    files: ConfigFiles = .current, probe: (() -> StorageDriver?)? = nil
  ) {
    self.context = context
    self.variable = variable
    self.files = files
    self.probe = probe ?? { StorageProbe(context: context).run() }
  }

  /// The driver to write into the record of a new container; nil for either that stacks layers.
  func forNewContainer() throws -> StorageDriver? {
    if let asked = try asked() { return asked }
    if remembersStacking() { return nil }
    guard let found = probe() else { return nil }
    if found == .vfs { return .vfs }
    remember()
    return nil
  }

  /// The driver that a new container would use; nil when none works.
  func inUse() throws -> StorageDriver? {
    guard let asked = try asked() else { return probe() }
    return StorageProbe(context: context).run(asked)
  }

  /// What the user asks for; nil when he leaves it open.
  ///
  /// `overlay` in a file that podman reads as well may mean fuse-overlayfs (`mount_program`), and
  /// drivers that are not ours concern podman's own store.
  func asked() throws -> StorageDriver? {
    if let driver = context.storageDriver { return driver }
    if let variable, !variable.isEmpty {
      guard let driver = StorageDriver(rawValue: variable) else {
        throw ErrorReport(
          .invalidRequest, "the storage driver \(variable) in STORAGE_DRIVER is not supported",
          hint: "use \(StorageDriver.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return driver == .overlay ? nil : driver
    }
    return try files.storage().driver == StorageDriver.vfs.rawValue ? .vfs : nil
  }

  private var record: RecordStore { RecordStore("\(context.runtimeRoot)/cache") }
  private static let name = "storage"

  private func remembersStacking() -> Bool {
    guard let known = try? record.find(Self.name) else { return false }
    return known["data"] == context.dataRoot
  }

  private func remember() {
    var known = LineRecord()
    known["data"] = context.dataRoot
    // Without it the next command finds out again.
    guard (try? FileTree.ensureDirectory("\(context.runtimeRoot)/cache")) != nil else { return }
    try? record.write(Self.name, known, durability: .process)
  }

  /// Has the next command find out again.
  func forget() { _ = try? FileTree.unlinkIfPresent("\(context.runtimeRoot)/cache/\(Self.name)") }
}
