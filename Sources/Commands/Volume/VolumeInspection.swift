import CommandLineKit
import Engine
import Model

/// What templates and JSON show of a volume: podman's keys.
enum VolumeInspection {
  /// Nil when there is no such volume.
  static func find(_ word: String, _ context: EngineContext) throws -> TemplateValue? {
    let store = VolumeStore(context)
    return try store.find(word).map { value($0, store) }
  }

  static func value(_ volume: Volume, _ store: VolumeStore) -> TemplateValue {
    .object([
      ("Name", .string(volume.name)), ("Driver", .string("local")),
      ("Mountpoint", .string(store.mountPoint(volume.name))),
      ("CreatedAt", .string(Timestamp.format(volume.created))),
      ("Labels", pairs(volume.labels)), ("Scope", .string("local")),
      ("Options", pairs(volume.options)), ("UID", .int(Int64(volume.uid ?? 0))),
      ("GID", .int(Int64(volume.gid ?? 0))), ("Anonymous", .bool(volume.anonymous)),
      ("MountCount", .int(0)), ("Timeout", .int(0)), ("NeedsCopyUp", .bool(!volume.filled)),
      ("NeedsChown", .bool(!volume.filled)), ("LockNumber", .int(0)), ("Status", .map([])),
      ("StorageID", .string("")),
    ])
  }

  private static func pairs(_ values: [String: String]) -> TemplateValue {
    .map(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }
}
