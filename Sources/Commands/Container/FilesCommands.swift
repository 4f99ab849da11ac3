import CommandLineKit
import Engine
import LinuxSystem
import Model

/// `diff`, `export` and `commit`.
enum FilesCommands {
  struct DiffOptions: Sendable {
    var format: String?
    var latest = false
  }

  static let diff = diffCommand(
    "Show what a container or image has changed of the layers below", .container, images: true)

  static let containerDiff = diffCommand(
    "Show what a container has changed of its image", .container, images: false)

  static let imageDiff = MartletCommand(
    "diff", summary: "Show what an image's last layer has changed of those below",
    usage: "[options] IMAGE", positionals: .exactly(1, .image), defaults: DiffOptions(),
    options: [formatOption]
  ) { options, invocation in
    try show(
      try DiffFiles(try invocation.globals.context()).image(invocation.arguments[0]), options)
  }

  private static let formatOption = OptionSpec<DiffOptions>.value(
    "format", nil, \.format, "json", "Print a JSON object", choices: ["json"])

  private static func diffCommand(_ summary: String, _ kind: CompletionKind, images: Bool)
    -> MartletCommand
  {
    MartletCommand(
      "diff", summary: summary, usage: images ? "[options] CONTAINER|IMAGE" : "[options] CONTAINER",
      description: "A is for what was added, C for changed and D for deleted.",
      positionals: .between(0, 1, kind), defaults: DiffOptions(),
      options: [
        formatOption, .flag("latest", "l", \.latest, "The container that was created last"),
      ]
    ) { options, invocation in
      let context = try invocation.globals.context()
      let name = invocation.arguments.first
      if let name, try ContainerStore(context).find(name) == nil, images {
        return try show(try DiffFiles(context).image(name), options)
      }
      let id = try chosen(name, latest: options.latest, context, invocation.path)
      return try show(try DiffFiles(context).container(id), options)
    }
  }

  private static func chosen(
    _ name: String?, latest: Bool, _ context: EngineContext, _ path: String
  ) throws -> String {
    if latest {
      guard name == nil else {
        throw ErrorReport(.invalidRequest, "--latest and a name exclude each other")
      }
      guard let newest = try ListContainers(context).run().first else {
        throw ErrorReport(.notFound, "there are no containers")
      }
      return newest.id
    }
    guard let name else {
      try PositionalRule.exactly(1).check(0, for: path)
      throw ErrorReport(.bug, "\(path) was given no name")
    }
    return try ContainerStore(context).resolve(name)
  }

  private static func show(_ changes: [DiffFiles.Change], _ options: DiffOptions) throws -> Int32 {
    guard options.format == "json" else {
      try Output.write(changes.map { "\($0.kind.rawValue) \($0.path)\n" }.joined())
      return 0
    }
    var fields: [(String, TemplateValue)] = []
    for (key, kind) in [
      ("changed", DiffFiles.Kind.changed), ("added", .added), ("deleted", .deleted),
    ] {
      let paths = changes.filter { $0.kind == kind }.map(\.path)
      if !paths.isEmpty { fields.append((key, .strings(paths))) }
    }
    try Output.line(TemplateValue.object(fields).json(pretty: true))
    return 0
  }

  /// Whether the container ran, and is now paused.
  private static func pause(_ id: String, _ context: EngineContext) throws -> Bool {
    guard case .running = try StatusReader(ContainerStore(context)).read(id) else { return false }
    try PauseContainer(context).pause(id)
    return true
  }

  struct ExportOptions: Sendable {
    var output: String?
  }

  static let export = MartletCommand(
    "export", summary: "Write a container's files as a tar archive",
    usage: "[options] CONTAINER",
    description: "What is mounted in the container, such as its volumes, is not in the archive.",
    examples: ["martlet export -o web.tar web", "martlet export web | tar -t"],
    positionals: .exactly(1, .container), defaults: ExportOptions(),
    options: [
      .value(
        "output", "o", \.output, "FILE", "Write this instead of standard output", complete: .file)
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let id = try ContainerStore(context).resolve(invocation.arguments[0])
    if options.output == nil, Descriptor.isTerminal(Descriptor.standardOutput) {
      throw ErrorReport(
        .invalidRequest, "refusing to export to a terminal",
        hint: "use --output FILE or redirect standard output")
    }
    try ExportContainer(context).run(id, to: options.output)
    return 0
  }

  struct CommitOptions: Sendable {
    var request = CommitContainer.Request()
    var format = CommitContainer.Request.Format.oci.rawValue
    var pause = false
    var quiet = false
    var idFile: String?
  }

  static let commit = MartletCommand(
    "commit", summary: "Make an image of a container", usage: "[options] CONTAINER [IMAGE]",
    description: "Prints the id of the image.",
    examples: ["martlet commit --change 'CMD [\"httpd\"]' --author me web my-web:1"],
    positionals: .between(1, 2, .container), defaults: CommitOptions(),
    options: [
      .value("author", "a", \.request.author, "NAME", "Say who made the image"),
      .list(
        "change", "c", \.request.changes, "INSTRUCTION",
        "Apply an instruction as in a Containerfile"),
      .value(
        "format", "f", \.format, "FORMAT", "The manifest's format",
        choices: CommitContainer.Request.Format.allCases.map(\.rawValue)),
      .value(
        "iidfile", nil, \.idFile, "FILE", "Write the image's id to a file", complete: .file),
      .flag(
        "include-volumes", nil, \.request.includesVolumes,
        "Make the container's volumes volumes of the image"),
      .value("message", "m", \.request.message, "TEXT", "Say what the image is, in its history"),
      .flag("pause", "p", \.pause, "Pause the container meanwhile"),
      .flag("quiet", "q", \.quiet, "Show no progress"),
      .flag("squash", "s", \.request.squash, "Make one layer of all files"),
    ] + UnsupportedOptions.specs(UnsupportedOptions.commit)
  ) { options, invocation in
    let context = try invocation.globals.context()
    let id = try ContainerStore(context).resolve(invocation.arguments[0])
    var request = options.request
    guard let format = CommitContainer.Request.Format(rawValue: options.format) else {
      throw UsageError("unknown format \"\(options.format)\"")
    }
    request.format = format
    request.name = invocation.arguments.dropFirst().first
    var display = TransferDisplay(quiet: options.quiet)
    let isPaused = options.pause ? try pause(id, context) : false
    let image: Digest
    do {
      image = try CommitContainer(context).run(id, request, events: { display.show($0) })
    } catch {
      // Why there is no image is what counts.
      if isPaused { try? PauseContainer(context).resume(id) }
      throw error
    }
    if isPaused { try PauseContainer(context).resume(id) }
    if let path = options.idFile { try FileTree.write(path, image.hex, mode: 0o644) }
    try Output.line(image.hex)
    return 0
  }
}
