import CommandLineKit
import Engine
import LinuxSystem
import Model

enum ImagesCommand {
  struct Options: Sendable {
    var all = false
    var quiet = false
    var noTruncation = false
    var digests = false
    var format: String?
    var filters: [String] = []
    var sort = "created"
    var noHeading = false
    var history = false
  }

  static let command = MartletCommand(
    "images", summary: "List images", usage: "[options] [IMAGE]",
    examples: [
      "martlet images", "martlet images --filter dangling=true",
      "martlet images --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
    ],
    positionals: .between(0, 1, .image), defaults: Options(),
    options: [
      .flag("all", "a", \.all, "Show all images"),
      .flag("digests", nil, \.digests, "Show the digests of manifests"),
      .list("filter", "f", \.filters, "KEY=VALUE", "Only images that match"),
      .value("format", nil, \.format, "FORMAT", "json, table, or a Go template"),
      .flag("history", nil, \.history, "Show the names that each image has and had"),
      .flag(
        "no-trunc", nil, \.noTruncation, "Do not shorten ids", aliases: ["notruncate"]),
      .flag("noheading", "n", \.noHeading, "Leave the heading out"),
      .flag("quiet", "q", \.quiet, "Show ids only"),
      .value(
        "sort", nil, \.sort, "KEY", "Sort by a column",
        choices: ["created", "id", "repository", "size", "tag"]),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    for store in try context.additionalStores() {
      if let warning = store.warning { Message.warn(warning.message) }
    }
    let list = ListImages(context)
    // Making all fields costs more than reading the image.
    let showsAll = options.format != nil || options.history
    var images = try list.run(formerNames: showsAll)
    let lists = try list.lists()
    if !lists.isEmpty { images = (images + lists).sorted { $0.created > $1.created } }
    var filter = try ImageFilter(options.filters, among: images)
    if let name = invocation.arguments.first { filter.add(reference: name) }
    let shown = images.filter { filter.matches($0) }
    if options.quiet, options.format == nil {
      for image in shown {
        try Output.line(options.noTruncation ? "\(image.id)" : image.id.shortID)
      }
      return 0
    }
    if options.format == "json" {
      try Output.line(TemplateValue.list(shown.map(ImageRow.json)).json(pretty: true))
      return 0
    }
    var rows: [ImageRow] = []
    for image in shown {
      let names = filter.shownNames(image)
      rows += names.map { ImageRow(image, $0, truncates: !options.noTruncation) }
      if names.isEmpty { rows.append(ImageRow(image, nil, truncates: !options.noTruncation)) }
    }
    sort(&rows, by: options.sort)
    let showsReadOnly = shown.contains(where: \.isReadOnly)
    var listing = Listing(Self.columns(options, showsReadOnly: showsReadOnly))
    listing.format = options.format
    listing.headings = headings
    listing.showsHeading = !options.noHeading
    try listing.print(rows.map { $0.value(allFields: showsAll) })
    return 0
  }

  private static func columns(_ options: Options, showsReadOnly: Bool) -> String {
    var fields = ["Repository", "Tag"]
    if options.digests { fields.append("Digest") }
    fields += ["ID", "CreatedSince", "Size"]
    if options.history { fields.append("History") }
    if showsReadOnly { fields.append("ReadOnly") }
    return fields.map { "{{.\($0)}}" }.joined(separator: "\t")
  }

  private static let headings = [
    "ID": "IMAGE ID", "Id": "IMAGE ID", "CreatedSince": "CREATED", "ReadOnly": "R/O",
  ]

  private static func sort(_ rows: inout [ImageRow], by key: String) {
    switch key {
    case "id": rows.sort { $0.image.id.hex < $1.image.id.hex }
    case "repository": rows.sort { ($0.repository, $0.tag) < ($1.repository, $1.tag) }
    case "size": rows.sort { $0.image.size < $1.image.size }
    case "tag": rows.sort { $0.tag < $1.tag }
    default: break
    }
  }
}

/// One line of `images`: an image under one of its names.
struct ImageRow {
  let image: ImageSummary
  let name: ImageReference?
  private let truncates: Bool

  init(_ image: ImageSummary, _ name: ImageReference?, truncates: Bool) {
    self.image = image
    self.name = name
    self.truncates = truncates
  }

  var repository: String { name?.name ?? "<none>" }
  var tag: String { name?.tag ?? "<none>" }

  /// The fields of `--format` templates, or those that every table shows.
  func value(allFields: Bool) -> TemplateValue {
    let since = Human.ago(image.created)
    let main: [(String, TemplateValue)] = [
      ("ID", .string(truncates ? image.id.shortID : "\(image.id)")),
      ("Repository", .string(repository)), ("Tag", .string(tag)),
      ("Digest", .string("\(image.manifest)")), ("CreatedSince", .string(since)),
      ("Size", .string(Human.size(image.size))), ("ReadOnly", .bool(image.isReadOnly)),
    ]
    return .object(allFields ? main + others(since) : main)
  }

  private func others(_ since: String) -> [(String, TemplateValue)] {
    let history = image.names.map(\.full) + image.formerNames
    return [
      ("Id", .string(image.id.hex)), ("CreatedAt", .string(Timestamp.goFormat(image.created))),
      ("CreatedTime", .string(Timestamp.goFormat(image.created))), ("Created", .string(since)),
      ("VirtualSize", .string(Human.size(image.size))),
      ("SharedSize", .string("0")), ("UniqueSize", .string(Human.size(image.size))),
      ("ParentId", .string("")), ("RepoTags", .strings(image.names.map(\.full))),
      ("RepoDigests", .strings(image.repositoryDigests)),
      ("Names", .strings(image.names.map(\.full))),
      (
        "History",
        .string(history.isEmpty ? "<none>" : history.joined(separator: ", "))
      ),
      ("Labels", Self.labels(image)), ("Dangling", .bool(image.isDangling)),
      ("Containers", .int(Int64(image.containers.count))),
      ("Arch", .string(image.platform.architecture)), ("Os", .string(image.platform.os)),
    ]
  }

  private static func labels(_ image: ImageSummary) -> TemplateValue {
    .map(image.labels.map { ($0.key, .string($0.value)) })
  }

  /// Podman's keys of `--format json`.
  static func json(_ image: ImageSummary) -> TemplateValue {
    .object([
      ("Id", .string(image.id.hex)), ("ParentId", .string("")),
      ("RepoTags", .strings(image.names.map(\.full))),
      ("RepoDigests", .strings(image.repositoryDigests)), ("Size", .int(image.size)),
      ("SharedSize", .int(0)), ("VirtualSize", .int(image.size)), ("Labels", labels(image)),
      ("Containers", .int(Int64(image.containers.count))),
      ("Arch", .string(image.platform.architecture)),
      ("Digest", .string("\(image.manifest)")),
      ("History", .strings(image.names.map(\.full) + image.formerNames)),
      ("IsManifestList", .bool(image.isManifestList)), ("Names", .strings(image.names.map(\.full))),
      ("Os", .string(image.platform.os)), ("Dangling", .bool(image.isDangling)),
      ("ReadOnly", .bool(image.isReadOnly)),
      ("Created", .int(image.created / 1_000_000_000)),
      ("CreatedAt", .string(Timestamp.format(image.created, fraction: false))),
    ])
  }
}
