import LinuxSystem
import Model
import OCISpec

/// Devices as vendors describe them for containers: files of the Container Device Interface.
struct CDIDevices {
  /// Where descriptions are; a later directory goes before an earlier one.
  private let directories: [String]

  init() {
    var all = ["/etc/cdi", "/var/run/cdi"]
    let home = CurrentProcess.environment("HOME") ?? ""
    let configuration = CurrentProcess.environment("XDG_CONFIG_HOME") ?? "\(home)/.config"
    if configuration.hasPrefix("/") { all.append("\(configuration)/cdi") }
    directories = all
  }

  init(directories: [String]) { self.directories = directories }

  /// Whether the text names such a device: `VENDOR/CLASS=NAME`.
  static func isName(_ text: String) -> Bool {
    guard !text.hasPrefix("/"), let equals = text.firstIndex(of: "=") else { return false }
    return text[..<equals].contains("/") && text.index(after: equals) != text.endIndex
  }

  /// Adds what the device called `text` needs.
  func add(_ text: String, to resolved: inout DeviceRequests.Resolved) throws {
    guard let equals = text.firstIndex(of: "=") else { throw Self.unresolvable(text, []) }
    let kind = String(text[..<equals])
    let name = String(text[text.index(after: equals)...])
    var unread: [String] = []
    for directory in directories.reversed() {
      // A machine without such devices has no directories for them.
      for file in ((try? FileTree.list(directory)) ?? []).sorted() {
        let path = "\(directory)/\(file)"
        if file.hasSuffix(".yaml") || file.hasSuffix(".yml") { unread.append(path) }
        guard file.hasSuffix(".json"), let document = try Self.document(path),
          document.string("kind") == kind,
          let device = document.objects("devices").first(where: { $0.string("name") == name })
        else { continue }
        for edits in [document.object("containerEdits"), device.object("containerEdits")] {
          if let edits { try Self.apply(edits, path, to: &resolved) }
        }
        return
      }
    }
    throw Self.unresolvable(text, unread)
  }

  private static func unresolvable(_ name: String, _ unread: [String]) -> ErrorReport {
    ErrorReport(
      .notFound,
      "unresolvable CDI device \(name): no file of /etc/cdi or /var/run/cdi describes it",
      hint: unread.first.map {
        "only JSON is read: convert \($0), for example with nvidia-ctk cdi generate --format=json"
      })
  }

  private static func document(_ path: String) throws -> JSONObject? {
    let bytes = try FileTree.read(path, limit: 4 << 20)
    guard let value = try? JSONValue(parsing: bytes), case .object(let object) = value else {
      throw ErrorReport(.invalidRequest, "CDI file \(path) is not a JSON object")
    }
    return object
  }

  private static func apply(
    _ edits: JSONObject, _ path: String, to resolved: inout DeviceRequests.Resolved
  ) throws {
    guard edits.objects("hooks").isEmpty else {
      throw ErrorReport(
        .invalidRequest, "CDI file \(path): hooks are not supported",
        hint: "generate it without hooks")
    }
    resolved.environment += edits.strings("env")
    for node in edits.objects("deviceNodes") {
      guard let place = node.string("path") else { continue }
      let source = node.string("hostPath") ?? place
      guard FileTree.exists(source) else {
        throw ErrorReport(.notFound, "CDI file \(path): device \(source) does not exist")
      }
      resolved.mounts.append(
        ContainerMount(
          .device, source: source, destination: place,
          options: [node.string("permissions") ?? "rwm"]))
    }
    for mount in edits.objects("mounts") {
      guard let source = mount.string("hostPath"), let place = mount.string("containerPath") else {
        throw ErrorReport(.invalidRequest, "CDI file \(path): a mount lacks a path")
      }
      resolved.mounts.append(
        ContainerMount(
          .bind, source: source, destination: place, options: mount.strings("options")))
    }
    if case .array(let ids)? = edits.find("additionalGids") {
      for case .integer(let id) in ids { resolved.groups.append("\(id)") }
    }
  }
}

extension JSONObject {
  fileprivate func string(_ key: String) -> String? {
    if case .string(let text)? = find(key) { return text }
    return nil
  }

  fileprivate func object(_ key: String) -> JSONObject? {
    if case .object(let object)? = find(key) { return object }
    return nil
  }

  fileprivate func objects(_ key: String) -> [JSONObject] {
    guard case .array(let values)? = find(key) else { return [] }
    return values.compactMap { value in
      if case .object(let object) = value { return object }
      return nil
    }
  }

  fileprivate func strings(_ key: String) -> [String] {
    guard case .array(let values)? = find(key) else { return [] }
    return values.compactMap { value in
      if case .string(let text) = value { return text }
      return nil
    }
  }
}
