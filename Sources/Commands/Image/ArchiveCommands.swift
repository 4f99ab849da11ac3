import CommandLineKit
import Engine
import LinuxSystem
import Model

/// `load`, `save` and `import`.
enum ArchiveCommands {
  struct LoadOptions: Sendable {
    var input: String?
    var quiet = false
    var platform: String?
  }

  static let load = MartletCommand(
    "load", summary: "Read images from an archive", usage: "[options]",
    description: "Reads what docker save, podman save or martlet save wrote, or an OCI layout.",
    examples: ["martlet load -i images.tar", "zcat images.tar.gz | martlet load"],
    positionals: .none, defaults: LoadOptions(),
    options: [
      .value(
        "input", "i", \.input, "FILE", "Read this file or URL instead of standard input",
        complete: .file),
      .value("platform", nil, \.platform, "OS/ARCH", "Which image of several platforms to take"),
      .flag("quiet", "q", \.quiet, "Show no progress"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    if options.input == nil, Descriptor.isTerminal(Descriptor.standardInput) {
      throw ErrorReport(
        .invalidRequest,
        "cannot read from terminal, use command-line redirection or the --input flag")
    }
    var display = TransferDisplay(quiet: options.quiet)
    let images = try ArchiveImages(context).load(
      options.input ?? "-", platform: options.platform, events: { display.show($0) })
    for image in images {
      let names = image.names.isEmpty ? ["\(image.id)"] : image.names
      for name in names { try Output.line("Loaded image: \(name)") }
    }
    return 0
  }

  struct SaveOptions: Sendable {
    var platform: String?
    var output: String?
    var format = ArchiveImages.Format.dockerArchive.rawValue
    var quiet = false
    var multiple = false
    var compress = false
    var uncompressed = false
  }

  static let save = MartletCommand(
    "save", summary: "Write images to an archive", usage: "[options] IMAGE [IMAGE...]",
    examples: [
      "martlet save -o alpine.tar alpine", "martlet save alpine | ssh other martlet load",
    ],
    positionals: .atLeast(1, .image), defaults: SaveOptions(),
    options: [
      .flag(
        "compress", nil, \.compress, "Compress layers that are not (with --format docker-dir)"),
      .value(
        "format", nil, \.format, "FORMAT", "How to write them",
        choices: ArchiveImages.Format.allCases.map(\.rawValue)),
      .flag("multi-image-archive", "m", \.multiple, "Every argument is an image; always so here"),
      .value(
        "output", "o", \.output, "FILE", "Write this instead of standard output", complete: .file),
      .flag("quiet", "q", \.quiet, "Show no progress"),
      .flag(
        "uncompressed", nil, \.uncompressed,
        "Write layers uncompressed (with --format oci-archive and oci-dir)"),
      .checkedPlatform(\.platform),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    guard let format = ArchiveImages.Format(rawValue: options.format) else {
      throw UsageError("unknown format \"\(options.format)\"")
    }
    let layers = try layers(options, format)
    let path = options.output ?? "-"
    if path == "-" {
      if format == .ociDirectory || format == .dockerDirectory {
        throw ErrorReport(
          .invalidRequest, "--format \(options.format) needs a directory", hint: "use --output DIR")
      }
      if Descriptor.isTerminal(Descriptor.standardOutput) {
        throw ErrorReport(
          .invalidRequest, "refusing to save to a terminal",
          hint: "use --output FILE or redirect standard output")
      }
    }
    try CheckPlatform(context).run(invocation.arguments, options.platform)
    var display = TransferDisplay(quiet: options.quiet)
    try ArchiveImages(context).save(
      invocation.arguments, as: format, to: path, layers: layers, events: { display.show($0) })
    return 0
  }

  private static func layers(
    _ options: SaveOptions, _ format: ArchiveImages.Format
  ) throws(UsageError) -> ArchiveImages.Layers {
    if options.compress {
      guard format == .dockerDirectory else {
        throw UsageError("--compress can be used with --format docker-dir only")
      }
      return .compressed
    }
    guard options.uncompressed, format != .dockerArchive else { return .asStored }
    return .uncompressed
  }

  struct ImportOptions: Sendable {
    var changes: [String] = []
    var message: String?
    var quiet = false
    var registry = RegistryOptions()
  }

  static let importRootfs = MartletCommand(
    "import", summary: "Make an image of a tar of its files",
    usage: "[options] FILE|URL|- [NAME]",
    description: "Prints the id of the image.",
    examples: ["martlet import --change 'CMD [\"sh\"]' rootfs.tar mine"],
    positionals: .between(1, 2, .file, .none), defaults: ImportOptions(),
    options: [
      .value(
        "arch", nil, \.registry.architecture, "ARCH", "The architecture that the image is for"),
      .list(
        "change", "c", \.changes, "INSTRUCTION", "Apply an instruction as in a Containerfile"),
      .value("message", "m", \.message, "TEXT", "Say what the image is, in its history"),
      .value("os", nil, \.registry.os, "OS", "The operating system that the image is for"),
      .value("platform", nil, \.registry.platform, "OS/ARCH", "The platform that it is for"),
      .flag("quiet", "q", \.quiet, "Show no progress"),
      .value("variant", nil, \.registry.variant, "VARIANT", "The variant of the architecture"),
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let path = invocation.arguments[0]
    if path == "-", Descriptor.isTerminal(Descriptor.standardInput) {
      throw ErrorReport(
        .invalidRequest, "cannot read an archive from a terminal", hint: "name a file")
    }
    var wanted = ArchiveImages.Import(path: path)
    wanted.name = invocation.arguments.dropFirst().first
    wanted.changes = options.changes
    wanted.message = options.message
    wanted.platform = try options.registry.resolvedPlatform()
    var display = TransferDisplay(quiet: options.quiet)
    let id = try ArchiveImages(context).importRootfs(wanted, events: { display.show($0) })
    try Output.line("\(id)")
    return 0
  }
}
