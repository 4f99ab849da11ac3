import CommandLineKit
import Engine
import Model

/// `image trust show` and `image trust set`.
enum TrustCommands {
  struct ShowOptions: Sendable {
    var json = false
    var raw = false
    var noHeading = false
    var file: String?
  }

  static let show = MartletCommand(
    "show", summary: "Show which images may be used", usage: "[options]",
    positionals: .none, defaults: ShowOptions(),
    options: [
      .flag("json", "j", \.json, "As JSON"),
      .flag("noheading", "n", \.noHeading, "No line of headings"),
      .value(
        "policypath", nil, \.file, "FILE", "Show this policy.json", complete: .file, hidden: true),
      .flag("raw", nil, \.raw, "The file as it is"),
    ]
  ) { options, _ in
    let trust = ImageTrust(file: options.file)
    if options.raw {
      try Output.write(try trust.raw())
      return 0
    }
    var listing = Listing("{{.Transport}}\t{{.Name}}\t{{.Type}}\t{{.ID}}\t{{.Store}}")
    listing.format = options.json ? "json" : nil
    listing.showsHeading = !options.noHeading
    let rules = try trust.rules()
    try listing.print(
      rules.map { rule in
        .object([
          ("Transport", .string(rule.transport)), ("Name", .string(rule.name)),
          ("Type", .string(rule.kind)), ("ID", .string(rule.keys.joined(separator: ","))),
          ("Store", .string(rule.store)),
        ])
      },
      json: rules.map { rule in
        .object([
          ("transport", .string(rule.transport)), ("name", .string(rule.name)),
          ("repo_name", .string(rule.name)),
          ("type", .string(rule.kind)), ("keys", .strings(rule.keys)),
          ("sigstore", .string(rule.store)),
        ])
      })
    return 0
  }

  struct SetOptions: Sendable {
    var type = "signedBy"
    var keys: [String] = []
    var file: String?
  }

  static let set = MartletCommand(
    "set", summary: "Say which images may be used", usage: "[options] REGISTRY",
    description: "REGISTRY is a host, a namespace, an image, or default for all others. "
      + "What cannot be verified is refused.",
    examples: [
      "martlet image trust set --type reject docker.io",
      "martlet image trust set --type signedBy --pubkeysfile key.gpg quay.io/me",
    ],
    positionals: .exactly(1), defaults: SetOptions(),
    options: [
      .parsed(
        "type", "t", "TYPE", "What is needed", choices: ImageTrust.kinds,
        // Refused where it is used, with what may stand there.
        { options, text in options.type = text }),
      .list(
        "pubkeysfile", "f", \.keys, "FILE", "A key that must have signed", complete: .file),
      .value(
        "policypath", nil, \.file, "FILE", "Change this policy.json", complete: .file, hidden: true
      ),
    ]
  ) { options, invocation in
    try ImageTrust(file: options.file).set(
      invocation.arguments[0], options.type, keys: options.keys)
    return 0
  }

  static let group = MartletCommand(
    group: "trust", summary: "Manage which images may be used", subcommands: [show, set])
}
