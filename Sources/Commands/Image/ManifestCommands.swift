import CommandLineKit
import Engine
import ImageStore
import LinuxSystem
import Model
import OCISpec

/// `martlet manifest …`: images for several platforms under one name.
enum ManifestCommands {
  struct Options: Sendable {
    var all = false
    var amends = false
    var isIndex = false
    var isInsecure: Bool?
    var annotations: [String] = []
    var registry = RegistryOptions()

    func entry() -> ListRequest.Entry {
      var entry = ListRequest.Entry()
      entry.os = registry.os
      entry.architecture = registry.architecture
      entry.variant = registry.variant
      entry.annotations = annotations
      entry.isIndex = isIndex
      return entry
    }
  }

  private static let annotation = OptionSpec<Options>.list(
    "annotation", nil, \.annotations, "KEY=VALUE", "An annotation to set")

  /// What an entry says of its platform.
  private static let platform: [OptionSpec<Options>] = [
    .value("arch", nil, \.registry.architecture, "ARCH", "The architecture of the image"),
    .value("os", nil, \.registry.os, "OS", "The operating system of the image"),
    .value("variant", nil, \.registry.variant, "VARIANT", "The variant of the architecture"),
  ]

  static let create = MartletCommand(
    "create", summary: "Make a manifest list", usage: "[options] LIST [IMAGE...]",
    examples: ["martlet manifest create app", "martlet manifest create app app:amd64 app:arm64"],
    positionals: .atLeast(1, .none, .image), defaults: Options(),
    options: [
      .flag("all", nil, \.all, "Of an image that is a list itself, take all entries"),
      .flag("amend", "a", \.amends, "Go on with a list that is there"), annotation,
    ] + RegistryOptions.accessTable(\.registry)
  ) { options, invocation in
    let access = try options.registry.access()
    let digest = try ManifestLists(invocation.globals.context()).create(invocation.arguments[0]) {
      $0.images = Array(invocation.arguments.dropFirst())
      $0.all = options.all
      $0.amends = options.amends
      $0.entry = options.entry()
      $0.access = access
    }
    try Output.line(digest.hex)
    return 0
  }

  static let add = MartletCommand(
    "add", summary: "Add images to a manifest list", usage: "[options] LIST IMAGE [IMAGE...]",
    description: "An image is one that is here, or with docker:// in front one of a registry.",
    positionals: .atLeast(2, .none, .image), defaults: Options(),
    options: [.flag("all", nil, \.all, "Of an image that is a list itself, take all entries")]
      + [annotation] + platform + RegistryOptions.accessTable(\.registry)
  ) { options, invocation in
    try change(.add, options, invocation)
  }

  static let annotate = MartletCommand(
    "annotate", summary: "Say something of an entry of a manifest list",
    usage: "[options] LIST [DIGEST|IMAGE]", positionals: .between(1, 2, .none, .image),
    defaults: Options(),
    options: [annotation, .flag("index", nil, \.isIndex, "Annotate the list itself")] + platform
  ) { options, invocation in
    guard options.isIndex == (invocation.arguments.count == 1) else {
      throw ErrorReport(
        .invalidRequest,
        options.isIndex ? "--index takes no entry" : "which entry is to be annotated?",
        hint: "name an entry by its digest, or use --index")
    }
    return try change(.annotate, options, invocation)
  }

  static let remove = MartletCommand(
    "remove", summary: "Remove an entry from a manifest list", usage: "LIST DIGEST [DIGEST...]",
    positionals: .atLeast(2), defaults: Options(), options: []
  ) { options, invocation in
    try change(.remove, options, invocation)
  }

  private static func change(
    _ action: ListRequest.Action, _ options: Options, _ invocation: MartletInvocation
  ) throws -> Int32 {
    let access = try options.registry.access()
    let lists = ManifestLists(try invocation.globals.context())
    let digest = try lists.change(invocation.arguments[0], action) {
      $0.images = Array(invocation.arguments.dropFirst())
      $0.all = options.all
      $0.entry = options.entry()
      $0.access = access
    }
    try Output.line(digest.hex)
    return 0
  }

  static let inspect = MartletCommand(
    "inspect", summary: "Show a manifest list as JSON", usage: "[options] NAME",
    description: "A list that is here, or what a registry has under the name.",
    positionals: .exactly(1, .image), defaults: Options(),
    options: RegistryOptions.accessTable(\.registry) + [
      .optionalBool(
        "insecure", nil, \.isInsecure, "The opposite of --tls-verify, as docker has it",
        hidden: true)
    ]
  ) { options, invocation in
    let lists = ManifestLists(try invocation.globals.context())
    var access = try options.registry.access()
    access.tlsVerify = options.isInsecure.map { !$0 } ?? access.tlsVerify
    let text = try lists.inspect(invocation.arguments[0], access)
    let document = try JSONValue(parsing: Array(text.utf8))
    try Output.line(String(decoding: document.encoded(pretty: true), as: UTF8.self))
    return 0
  }

  static let exists = MartletCommand(
    "exists", summary: "Tell by the exit code whether a manifest list is here", usage: "LIST",
    positionals: .exactly(1), defaults: NoOptions(), options: []
  ) { _, invocation in
    let lists = ManifestLists(try invocation.globals.context())
    return try lists.exists(invocation.arguments[0]) ? 0 : 1
  }

  struct RemoveOptions: Sendable { var ignore = false }

  static let removeList = MartletCommand(
    "rm", summary: "Remove manifest lists; their images stay", usage: "[options] LIST [LIST...]",
    positionals: .atLeast(1), defaults: RemoveOptions(),
    options: [.flag("ignore", "i", \.ignore, "A list that is not there is no error")]
  ) { options, invocation in
    let lists = ManifestLists(try invocation.globals.context())
    var status: Int32 = 0
    for name in invocation.arguments {
      do {
        if options.ignore, try !lists.exists(name) { continue }
        try Output.line("Untagged: \(try lists.remove(name).full)")
      } catch {
        let report = CommandFailure.report(of: error)
        Message.fail(report)
        // As for rmi: what was not there is a smaller failure.
        status = max(status, report.kind == .notFound ? 1 : 125)
      }
    }
    return status
  }

  static let group = MartletCommand(
    group: "manifest", summary: "Put images of several platforms under one name",
    subcommands: [
      create, add, annotate, inspect, ManifestPushCommand.command, remove, removeList, exists,
    ])
}
