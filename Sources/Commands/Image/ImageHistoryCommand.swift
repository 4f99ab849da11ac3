import CommandLineKit
import Engine
import Model

enum ImageHistoryCommand {
  struct Options: Sendable {
    var format: String?
    var human = true
    var noTruncation = false
    var quiet = false
    var platform: String?
  }

  static let command = MartletCommand(
    "history", summary: "Show how an image was made", usage: "[options] IMAGE",
    positionals: .exactly(1, .image), defaults: Options(),
    options: [
      .value("format", nil, \.format, "FORMAT", "json, table, or a Go template"),
      .flag("human", "H", \.human, "Sizes and dates for people (default true)"),
      .flag("no-trunc", nil, \.noTruncation, "Do not shorten anything", aliases: ["notruncate"]),
      .flag("quiet", "q", \.quiet, "Show ids only"),
      .checkedPlatform(\.platform),
    ]
  ) { options, invocation in
    let name = invocation.arguments[0]
    let context = try invocation.globals.context()
    try CheckPlatform(context).run([name], options.platform)
    guard let image = try InspectImage(context).find(name) else {
      throw ErrorReport(.notFound, "\(name): image not known")
    }
    let steps = Array(image.history.reversed())
    let ids = steps.indices.map { $0 == 0 ? image.summary.id : nil }
    var listing = Listing("{{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}")
    listing.format = options.format
    listing.quiet = options.quiet
    listing.headings = ["CreatedBy": "CREATED BY"]
    let names = TemplateValue.strings(image.summary.names.map(\.full))
    let rows = zip(steps, ids).map { row($0, $1, $1 == nil ? .list([]) : names, options) }
    try listing.print(
      rows, json: zip(steps, ids).map { json($0, $1, image.summary) })
    return 0
  }

  private static func row(
    _ step: ImageHistoryEntry, _ id: Digest?, _ tags: TemplateValue, _ options: Options
  ) -> TemplateValue {
    let idText = id.map { options.noTruncation ? $0.hex : $0.shortID } ?? "<missing>"
    let created = step.created ?? 0
    let text = Timestamp.format(created, fraction: false)
    return .object([
      ("ID", .string(idText)),
      ("Created", .string(options.human ? Human.ago(created) : text)),
      ("CreatedSince", .string(Human.ago(created))), ("CreatedAt", .string(text)),
      (
        "CreatedBy",
        .string(options.noTruncation ? step.createdBy : truncated(step.createdBy, to: 45))
      ), ("Size", .string(options.human ? Human.size(step.size) : "\(step.size)")),
      ("Comment", .string(step.comment)), ("Tags", tags),
    ])
  }

  private static func json(
    _ step: ImageHistoryEntry, _ id: Digest?, _ image: ImageSummary
  ) -> TemplateValue {
    .object([
      ("id", .string(id?.hex ?? "<missing>")),
      ("created", .string(Timestamp.format(step.created ?? 0))),
      ("CreatedBy", .string(step.createdBy)),
      ("tags", id == nil ? .list([]) : .strings(image.names.map(\.full))),
      ("size", .int(step.size)), ("Comment", .string(step.comment)),
    ])
  }
}
