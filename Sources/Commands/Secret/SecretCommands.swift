import CommandLineKit
import Engine
import LinuxSystem
import Model

/// `secret …`.
enum SecretCommands {
  static let group = MartletCommand(
    group: "secret", summary: "Manage secrets",
    subcommands: [create, exists, inspect, list, remove])

  struct CreateOptions: Sendable {
    var driver = "file"
    var labels: [String] = []
    var fromEnvironment = false
    var ignore = false
    var replace = false
  }

  private static let create = MartletCommand(
    "create", summary: "Keep a secret", usage: "[options] NAME FILE|-",
    description: "Prints the secret's id. A dash reads standard input.",
    examples: ["printf %s hunter2 | martlet secret create password -"],
    positionals: .between(1, 2, .none, .file), defaults: CreateOptions(),
    options: [
      .value(
        "driver", "d", \.driver, "DRIVER", "How it is kept: file, in a directory only you may read"),
      .flag("env", nil, \.fromEnvironment, "FILE is the name of an environment variable"),
      .flag("ignore", nil, \.ignore, "One that exists is no error"),
      .list("label", "l", \.labels, "KEY[=VALUE]", "Add a label"),
      .flag("replace", nil, \.replace, "Give one that exists new content"),
    ]
  ) { options, invocation in
    guard options.driver == "file" else {
      throw ErrorReport(
        .invalidRequest, "secret driver \"\(options.driver)\" is not supported", hint: "use file")
    }
    guard !(options.ignore && options.replace) else {
      throw ErrorReport(.invalidRequest, "--ignore and --replace exclude each other")
    }
    let source = invocation.arguments.count > 1 ? invocation.arguments[1] : "-"
    let content = try read(source, fromEnvironment: options.fromEnvironment)
    let secret = try SecretStore(try invocation.globals.context()).create(
      invocation.arguments[0], content,
      labels: try KeyValueText.parse(options.labels, what: "label"),
      existing: options.replace ? .replace : options.ignore ? .keep : .refuse)
    try Output.line(secret.id)
    return 0
  }

  private static func read(_ source: String, fromEnvironment: Bool) throws -> [UInt8] {
    if fromEnvironment {
      guard let value = CurrentProcess.environment(source) else {
        throw ErrorReport(
          .notFound, "cannot create secret: environment variable \(source) is not set")
      }
      return Array(value.utf8)
    }
    if source == "-" {
      if Descriptor.isTerminal(Descriptor.standardInput) {
        throw ErrorReport(
          .invalidRequest, "cannot read a secret from a terminal",
          hint: "name a file, or pipe the secret in")
      }
      return try Descriptor.readAll(Descriptor.standardInput, limit: SecretStore.limit)
    }
    do throws(SystemError) {
      return try FileTree.read(source, limit: SecretStore.limit)
    } catch {
      throw ErrorReport(.notFound, "cannot read secret from \(source): \(error.reason)")
    }
  }

  private static let exists = MartletCommand(
    "exists", summary: "Tell by the exit code whether a secret exists", usage: "NAME",
    positionals: .exactly(1, .secret), defaults: NoOptions(), options: []
  ) { _, invocation in
    try SecretStore(try invocation.globals.context()).find(invocation.arguments[0]) == nil ? 1 : 0
  }

  struct InspectOptions: Sendable {
    var format: String?
    var pretty = false
    var showsSecret = false
  }

  private static let inspect = MartletCommand(
    "inspect", summary: "Show everything about secrets", usage: "[options] NAME [NAME...]",
    positionals: .atLeast(1, .secret), defaults: InspectOptions(),
    options: [
      .value("format", "f", \.format, "FORMAT", "json or a Go template"),
      .flag("pretty", nil, \.pretty, "Print for people"),
      .flag("showsecret", nil, \.showsSecret, "Show what the secret holds too"),
    ]
  ) { options, invocation in
    let store = SecretStore(try invocation.globals.context())
    if options.pretty, options.format != nil {
      throw ErrorReport(.invalidRequest, "--pretty and --format exclude each other")
    }
    let format = options.pretty ? pretty : options.format
    return try Inspection.show(invocation.arguments, format) { word in
      guard let secret = try store.find(word) else { return nil }
      let content = options.showsSecret ? try store.content(secret) : nil
      return inspection(secret, content)
    }
  }

  private static let pretty = """
    ID:              {{.ID}}
    Name:              {{.Spec.Name}}
    Labels:              {{range $k, $v := .Spec.Labels}}
     - {{$k}}={{$v}}{{end}}
    Driver:            {{.Spec.Driver.Name}}
    Created at:        {{.CreatedAt}}
    Updated at:        {{.UpdatedAt}}
    """

  private static func inspection(_ secret: Secret, _ content: [UInt8]?) -> TemplateValue {
    var fields: [(String, TemplateValue)] = [
      ("ID", .string(secret.id)), ("CreatedAt", .string(Timestamp.format(secret.created))),
      ("UpdatedAt", .string(Timestamp.format(secret.updated))),
      (
        "Spec",
        .object([
          ("Name", .string(secret.name)),
          (
            "Driver",
            .object([
              ("Name", .string(secret.driver)), ("Options", pairs(secret.driverOptions)),
            ])
          ), ("Labels", pairs(secret.labels)),
        ])
      ),
    ]
    if let content {
      fields.append(("SecretData", .string(String(decoding: content, as: UTF8.self))))
    }
    return .object(fields)
  }

  private static func pairs(_ values: [String: String]) -> TemplateValue {
    .map(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
  }

  struct ListOptions: Sendable {
    var filters: [String] = []
    var listing = Listing("{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}")
    var hidesHeading = false
  }

  private static let list = MartletCommand(
    "ls", aliases: ["list"], summary: "List secrets", usage: "[options]",
    positionals: .none, defaults: ListOptions(),
    options: [
      .list("filter", "f", \.filters, "KEY=VALUE", "Only secrets that match: name, id"),
      .value("format", nil, \.listing.format, "FORMAT", "json or a Go template"),
      .flag("noheading", "n", \.hidesHeading, "Print no headings"),
      .flag("quiet", "q", \.listing.quiet, "Print only ids"),
    ]
  ) { options, invocation in
    let filter = try SecretFilter(options.filters)
    let secrets = try SecretStore(try invocation.globals.context()).list().filter(filter.matches)
    var listing = options.listing
    listing.headings = ["CreatedAt": "CREATED", "UpdatedAt": "UPDATED"]
    listing.showsHeading = !options.hidesHeading
    try listing.print(secrets.map(row), json: secrets.map { inspection($0, nil) })
    return 0
  }

  private static func row(_ secret: Secret) -> TemplateValue {
    .object([
      ("ID", .string(secret.id)), ("Name", .string(secret.name)),
      ("Driver", .string(secret.driver)), ("CreatedAt", .string(Human.ago(secret.created))),
      ("UpdatedAt", .string(Human.ago(secret.updated))), ("Labels", pairs(secret.labels)),
    ])
  }

  struct RemoveOptions: Sendable {
    var all = false
    var ignore = false
  }

  private static let remove = MartletCommand(
    "rm", aliases: ["remove"], summary: "Remove secrets", usage: "[options] NAME [NAME...]",
    positionals: .atLeast(0, .secret), defaults: RemoveOptions(),
    options: [
      .flag("all", "a", \.all, "All secrets"),
      .flag("ignore", "i", \.ignore, "Secrets that do not exist are no error"),
    ]
  ) { options, invocation in
    let store = SecretStore(try invocation.globals.context())
    var words = invocation.arguments
    if options.all {
      guard words.isEmpty else { throw UsageError("--all takes no names") }
      words = try store.list().map(\.id)
    } else {
      try PositionalRule.atLeast(1).check(words.count, for: invocation.path)
    }
    var status: Int32 = 0
    for word in words {
      do {
        guard let secret = try store.find(word) else {
          if options.ignore { continue }
          throw SecretError.unknown(word)
        }
        try store.remove(secret)
        try Output.line(secret.id)
      } catch {
        status = CommandFailure.end(error)
      }
    }
    return status
  }
}
