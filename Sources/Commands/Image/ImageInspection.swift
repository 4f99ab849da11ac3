import CommandLineKit
import Engine
import Model
import OCISpec

/// `image inspect`, and the image part of `inspect`: podman's keys.
enum ImageInspection {
  /// Nil when there is no such image.
  static func find(_ word: String, _ context: EngineContext) throws -> TemplateValue? {
    try InspectImage(context).find(word).map(value)
  }

  static func value(_ image: ImageDetails) -> TemplateValue {
    let summary = image.summary
    return .object([
      ("Id", .string(summary.id.hex)), ("Digest", .string("\(summary.manifest)")),
      ("RepoTags", .strings(summary.names.map(\.full))),
      ("RepoDigests", .strings(summary.repositoryDigests)), ("Parent", .string("")),
      ("Comment", .string(image.history.last?.comment ?? "")),
      ("Created", text(image.config, "created")), ("Config", configuration(image)),
      ("Version", .string("")), ("Author", text(image.config, "author")),
      ("Architecture", .string(summary.platform.architecture)),
      ("Os", .string(summary.platform.os)),
      ("Variant", .string(summary.platform.variant ?? "")), ("Size", .int(summary.size)),
      ("VirtualSize", .int(summary.size)), ("GraphDriver", graphDriver(image)),
      (
        "RootFS",
        .object([("Type", .string("layers")), ("Layers", layers(image))])
      ), ("Labels", labels(summary)), ("Annotations", map(image.manifest, "annotations")),
      ("ManifestType", manifestType(image)),
      ("User", .string(image.execution.user ?? "")), ("History", history(image)),
      ("NamesHistory", .strings(summary.names.map(\.full))),
    ])
  }

  private static func text(_ object: JSONObject, _ key: String) -> TemplateValue {
    if case .string(let text)? = object.find(key) { return .string(text) }
    return .string("")
  }

  private static func manifestType(_ image: ImageDetails) -> TemplateValue {
    if case .string(let type)? = image.manifest.find("mediaType") { return .string(type) }
    return .string(MediaType.ociManifest.rawValue)
  }

  private static func map(_ object: JSONObject, _ key: String) -> TemplateValue {
    guard case .object(let members)? = object.find(key) else { return .map([]) }
    return .map(members.members.map { ($0.key, TemplateValue($0.value)) })
  }

  private static func labels(_ image: ImageSummary) -> TemplateValue {
    image.labels.isEmpty ? .null : .map(image.labels.map { ($0.key, .string($0.value)) })
  }

  private static func layers(_ image: ImageDetails) -> TemplateValue {
    guard case .object(let root)? = image.config.find("rootfs"),
      let digests = root.find("diff_ids")
    else { return .list([]) }
    return TemplateValue(digests)
  }

  /// As docker's containers see it; a field that the image leaves out is empty, never unknown.
  private static func configuration(_ image: ImageDetails) -> TemplateValue {
    let execution = image.execution
    var config = JSONObject()
    if case .object(let found)? = image.config.find("config") { config = found }
    func present(_ names: [String]) -> TemplateValue {
      names.isEmpty ? .null : .map(names.map { ($0, .object([])) })
    }
    return .object([
      ("User", .string(execution.user ?? "")),
      ("ExposedPorts", present(execution.exposedPorts)),
      ("Env", .strings(execution.environment)),
      ("Entrypoint", execution.entrypoint.map { .strings($0) } ?? .null),
      ("Cmd", execution.command.map { .strings($0) } ?? .null),
      ("Volumes", present(execution.volumes)),
      ("WorkingDir", .string(execution.workingDirectory ?? "")),
      ("Labels", labels(image.summary)), ("StopSignal", .string(execution.stopSignal ?? "")),
      ("Shell", execution.shell.map { .strings($0) } ?? .null),
      ("Healthcheck", config.find("Healthcheck").map { TemplateValue($0) } ?? .null),
      ("OnBuild", config.find("OnBuild").map { TemplateValue($0) } ?? .null),
    ])
  }

  private static func graphDriver(_ image: ImageDetails) -> TemplateValue {
    var data: [(String, TemplateValue)] = []
    if let top = image.layerPaths.last { data.append(("UpperDir", .string(top))) }
    let lower = image.layerPaths.dropLast().reversed()
    if !lower.isEmpty { data.append(("LowerDir", .string(lower.joined(separator: ":")))) }
    return .object([("Name", .string("overlay")), ("Data", .map(data))])
  }

  private static func history(_ image: ImageDetails) -> TemplateValue {
    guard case .array(let entries)? = image.config.find("history") else { return .list([]) }
    return .list(entries.map { TemplateValue($0) })
  }
}

extension TemplateValue {
  /// A document of somebody else's: its objects are maps, so an absent key is no error.
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .int(value)
    case .unsigned(let value): self = .double(Double(value))
    case .number(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let items): self = .list(items.map { TemplateValue($0) })
    case .object(let object):
      self = .map(object.members.map { ($0.key, TemplateValue($0.value)) })
    }
  }
}
