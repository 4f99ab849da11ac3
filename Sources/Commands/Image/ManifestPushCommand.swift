import CommandLineKit
import Engine
import ImageStore
import LinuxSystem
import Model

enum ManifestPushCommand {
  struct Options: Sendable {
    var all = true
    var removesList = false
    var push = PushCommand.Options()
  }

  static let command = MartletCommand(
    "push", summary: "Copy a manifest list and its images to a registry",
    usage: "[options] LIST [DESTINATION]", positionals: .between(1, 2), defaults: Options(),
    options: [
      .flag("all", nil, \.all, "Copy the images as well; with --all=false the list alone"),
      .flag("rm", nil, \.removesList, "Remove the list afterwards"),
      .flag("quiet", "q", \.push.quiet, "Show no progress"),
      .value(
        "format", "f", \.push.format, "FORMAT", "The kind of list: oci or v2s2",
        choices: ["oci", "v2s2", "docker"]),
      .value(
        "compression-format", nil, \.push.compression, "FORMAT", "How layers are compressed",
        choices: ["gzip", "zstd"]),
      .list(
        "add-compression", nil, \.push.additional, "FORMAT",
        "Add every image compressed so as well, unless it is already", commaSeparated: true,
        choices: ["gzip", "zstd"]),
      .integer(
        "compression-level", nil, \.push.level, "LEVEL", "How much effort compressing takes"),
      .optionalBool(
        "force-compression", nil, \.push.isForced,
        "Whether to compress layers anew that are compressed otherwise"),
      .value(
        "digestfile", nil, \.push.digestFile, "FILE", "Write the digest of the list there",
        complete: .file),
      .flag(
        "remove-signatures", nil, \.push.removesSignatures,
        "Leave signatures behind; none are kept here, so none are pushed"),
    ] + PushCommand.signing(\.push) + RegistryOptions.accessTable(\.push.registry)
      + RegistryOptions.retryTable(\.push.registry, "push")
      + UnsupportedOptions.specs(UnsupportedOptions.push)
  ) { options, invocation in
    let context = try invocation.globals.context()
    let lists = ManifestLists(context)
    let name = invocation.arguments[0]
    let settings = try options.push.settings()
    guard options.all || options.push.additional.isEmpty else {
      throw ErrorReport(.invalidRequest, "--add-compression needs the images, so not --all=false")
    }
    var destination = try lists.reference(name)
    if invocation.arguments.count > 1 {
      let target = try PushImage.destination(invocation.arguments[1], of: name)
      guard case .registry(let reference) = target else {
        throw ErrorReport(
          .invalidRequest, "a list goes to a registry, not to \(invocation.arguments[1])")
      }
      destination = reference
    }
    let signer = try options.push.makeSigner(context, .registry(destination))
    var display = TransferDisplay(quiet: options.push.quiet)
    let digest = try lists.push(name, events: { display.show($0) }) {
      $0.destination = destination.full
      $0.all = options.all
      $0.format = settings.format
      $0.compression = settings.compression
      $0.access = settings.access
    }
    display.finish()
    if let path = options.push.digestFile, let digest {
      try FileTree.write(path, "\(digest)", mode: 0o644)
    }
    if let signer, let digest { _ = try signer.signPushed(digest, as: destination) }
    if !options.push.quiet, let digest { Message.note("Pushed \(digest)") }
    if options.removesList { _ = try lists.remove(name) }
    return 0
  }
}
