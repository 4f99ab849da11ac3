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
    var isVerbose = false
    var annotations: [String] = []
    var osVersion: String?
    var osFeatures: [String] = []
    var features: [String] = []
    var subject: String?
    var isArtifact = false
    var artifact = ListRequest.Artifact()
    var registry = RegistryOptions()

    func entry() -> ListRequest.Entry {
      var entry = ListRequest.Entry()
      entry.os = registry.os
      entry.architecture = registry.architecture
      entry.variant = registry.variant
      entry.osVersion = osVersion
      entry.osFeatures = osFeatures
      entry.features = features
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
    .value("os-version", nil, \.osVersion, "VERSION", "The version of the system that it needs"),
    .list(
      "features", nil, \.features, "FEATURE", "What it needs of the processor",
      commaSeparated: true),
  ]

  private static let artifact: [OptionSpec<Options>] = [
    .flag("artifact", nil, \.isArtifact, "Make an artifact of files, and add that"),
    .value("artifact-type", nil, \.artifact.type, "TYPE", "The media type of the artifact"),
    .value(
      "artifact-config", nil, \.artifact.config, "FILE", "Its configuration", complete: .file),
    .value(
      "artifact-config-type", nil, \.artifact.configType, "TYPE",
      "The media type of its configuration"),
    .value(
      "artifact-layer-type", nil, \.artifact.layerType, "TYPE",
      "The media type of the files; without it, each file's own"),
    .flag(
      "artifact-exclude-titles", nil, \.artifact.excludesTitles,
      "Leave out the names of the files"),
    .value(
      "artifact-subject", nil, \.artifact.subject, "IMAGE", "The image that the artifact is about",
      complete: .image),
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
    "add", summary: "Add images or an artifact to a manifest list",
    usage: "[options] LIST IMAGE|FILE [IMAGE|FILE...]",
    description: "An image is one that is here, or with docker:// in front one of a registry. "
      + "With --artifact, files become one entry, which is pushed with the list.",
    examples: [
      "martlet manifest add app docker://quay.io/me/app:arm64",
      "martlet manifest add --artifact --artifact-type application/spdx+json app sbom.json",
    ],
    positionals: .atLeast(2, .none, .image), defaults: Options(),
    options: [.flag("all", nil, \.all, "Of an image that is a list itself, take all entries")]
      + [annotation] + platform + artifact + RegistryOptions.accessTable(\.registry)
  ) { options, invocation in
    if options.isArtifact, options.all {
      throw ErrorReport(.invalidRequest, "--all goes with images, not with --artifact")
    }
    let isPlain = options.artifact == ListRequest.Artifact()
    if !options.isArtifact, !isPlain {
      throw ErrorReport(
        .invalidRequest, "options of artifacts need --artifact", hint: "add --artifact")
    }
    return try change(.add, options, invocation)
  }

  static let annotate = MartletCommand(
    "annotate", summary: "Say something of an entry of a manifest list",
    usage: "[options] LIST [DIGEST|IMAGE]", positionals: .between(1, 2, .none, .image),
    defaults: Options(),
    options: [
      annotation, .flag("index", nil, \.isIndex, "Annotate the list itself"),
      .value(
        "subject", nil, \.subject, "IMAGE", "The image that the list itself is about",
        complete: .image),
      .list(
        "os-features", nil, \.osFeatures, "FEATURE", "What it needs of the system",
        commaSeparated: true),
    ] + platform
  ) { options, invocation in
    let isOfList = options.isIndex || options.subject != nil
    guard isOfList == (invocation.arguments.count == 1) else {
      throw ErrorReport(
        .invalidRequest,
        isOfList ? "--index and --subject take no entry" : "which entry is to be annotated?",
        hint: "name an entry by its digest, or use --index")
    }
    var options = options
    options.isIndex = isOfList
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
      $0.artifact = options.isArtifact ? options.artifact : nil
      $0.subject = options.subject
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
        hidden: true),
      .flag(
        "verbose", "v", \.isVerbose, "The whole document, which is what is shown anyhow",
        hidden: true),
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
