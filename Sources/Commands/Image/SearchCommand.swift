import CommandLineKit
import Engine
import ImageStore
import Model

enum SearchCommand {
  struct Options: Sendable {
    var filters: [String] = []
    var format: String?
    var limit: Int?
    var listsTags = false
    var isCompatible = false
    var noTruncation = false
    var noHeading = false
    var registry = RegistryOptions()
  }

  static let command = MartletCommand(
    "search", summary: "Look for images in registries", usage: "[options] TERM",
    description: "TERM is part of a name, with a registry in front or without. Without one all "
      + "unqualified-search-registries are asked, or docker.io.",
    examples: ["martlet search alpine", "martlet search --list-tags quay.io/podman/hello"],
    positionals: .exactly(1), defaults: Options(),
    options: [
      .list(
        "filter", "f", \.filters, "FILTER", "stars=N, is-official[=false], is-automated[=false]"),
      .value("format", nil, \.format, "FORMAT", "json, table, or a Go template"),
      .integer("limit", nil, \.limit, "COUNT", "How many results a registry gives (default 25)"),
      .flag("compatible", nil, \.isCompatible, "Show stars and who is official, as docker does"),
      .flag("list-tags", nil, \.listsTags, "List the tags of the repository TERM"),
      .flag("no-trunc", nil, \.noTruncation, "Do not shorten descriptions"),
      .flag("noheading", "n", \.noHeading, "No line of headings"),
    ] + RegistryOptions.accessTable(\.registry)
  ) { options, invocation in
    let context = try invocation.globals.context()
    let limit = options.limit ?? 25
    guard limit > 0 else {
      throw ErrorReport(.invalidRequest, "--limit must be at least 1")
    }
    let term = invocation.arguments[0]
    let access = try options.registry.access()
    if options.listsTags {
      guard options.filters.isEmpty else {
        throw ErrorReport(.invalidRequest, "--filter cannot be used together with --list-tags")
      }
      let tags = try ListTags(context).names(term, access)
      try printTags(Array(tags.prefix(limit)), options)
      return 0
    }
    let filters = try options.filters.map(Filter.init)
    let found = try SearchImages(context).run(term, limit: limit, access) { error in
      Message.warn(CommandFailure.report(of: error).message)
    }
    try printHits(found.filter { hit in filters.allSatisfy { $0.accepts(hit) } }, options)
    return 0
  }

  private static func printHits(_ found: [SearchImages.Found], _ options: Options) throws {
    let more = options.isCompatible ? "\t{{.Stars}}\t{{.Official}}\t{{.Automated}}" : ""
    var listing = Listing("{{.Name}}\t{{.Description}}" + more)
    listing.format = options.format
    listing.showsHeading = !options.noHeading
    try listing.print(
      found.map { found in
        let text = found.hit.description
        return .object([
          ("Index", .string(found.registry)), ("Name", .string(found.name)),
          ("Description", .string(options.noTruncation ? text : truncated(text, to: 44))),
          ("Stars", .int(Int64(found.hit.stars))),
          ("Official", .string(found.hit.isOfficial ? "[OK]" : "")),
          ("Automated", .string(found.hit.isAutomated ? "[OK]" : "")), ("Tag", .string("")),
        ])
      })
  }

  private static func printTags(_ tags: [ImageReference], _ options: Options) throws {
    var listing = Listing("{{.Name}}\t{{.Tag}}")
    listing.format = options.format
    listing.showsHeading = !options.noHeading
    let names = Set(tags.map(\.name)).sorted()
    try listing.print(
      tags.map { .object([("Name", .string($0.name)), ("Tag", .string($0.tag ?? ""))]) },
      json: names.map { name in
        .object([
          ("Name", .string(name)),
          ("Tags", .strings(tags.filter { $0.name == name }.compactMap(\.tag))),
        ])
      })
  }

  /// One `--filter`.
  struct Filter: Sendable {
    private enum Kind: Sendable {
      case stars(Int)
      case official(Bool)
      case automated(Bool)
    }

    private let kind: Kind

    init(_ text: String) throws(ErrorReport) {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let value = parts.count > 1 ? parts[1] : "true"
      switch (parts.first, Int(value), Bool(value)) {
      case ("stars"?, let number?, _) where parts.count > 1: kind = .stars(number)
      case ("is-official"?, _, let flag?): kind = .official(flag)
      case ("is-automated"?, _, let flag?): kind = .automated(flag)
      default:
        throw ErrorReport(
          .invalidRequest, "invalid filter \(text.debugDescription)",
          hint: "use stars=N, is-official, is-official=false, is-automated or is-automated=false")
      }
    }

    func accepts(_ found: SearchImages.Found) -> Bool {
      switch kind {
      case .stars(let least): found.hit.stars >= least
      case .official(let wanted): found.hit.isOfficial == wanted
      case .automated(let wanted): found.hit.isAutomated == wanted
      }
    }
  }
}
