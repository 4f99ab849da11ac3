import CommandLineKit
import Engine
import ImageStore
import LinuxSystem
import Model

enum PushCommand {
  struct Options: Sendable {
    var quiet = false
    var format: String?
    var compression: String?
    var level: Int?
    var isForced: Bool?
    var digestFile: String?
    var removesSignatures = false
    var compressesFiles = false
    var disablesContentTrust = true
    var signer: String?
    var passphraseFile: String?
    var platform: String?
    var additional: [String] = []
    var registry = RegistryOptions()
  }

  static let command = MartletCommand(
    "push", summary: "Copy an image to a registry", usage: "[options] IMAGE [DESTINATION]",
    description: "Without a destination the image goes where its name says. A destination may "
      + "also be oci:DIR, oci-archive:FILE, docker-archive:FILE or dir:DIR.",
    examples: [
      "martlet push quay.io/me/app:1", "martlet push app quay.io/me/app:1",
      "martlet push --compression-format zstd app quay.io/me/app:1",
    ],
    positionals: .between(1, 2, .image), defaults: Options(), options: options
  ) { options, invocation in
    let context = try invocation.globals.context()
    let image = invocation.arguments[0]
    let destination = try PushImage.destination(invocation.arguments.dropFirst().first, of: image)
    try CheckPlatform(context).run([image], options.platform)
    let signer = try options.makeSigner(context, destination)
    var display = TransferDisplay(quiet: options.quiet)
    let digest = try PushImage(context).run(
      image, to: destination, try options.settings(), events: { display.show($0) })
    display.finish()
    if let path = options.digestFile {
      guard let digest else {
        throw ErrorReport(.invalidRequest, "--digestfile needs a registry as the destination")
      }
      try FileTree.write(path, "\(digest)", mode: 0o644)
    }
    if let signer, let digest, case .registry(let reference) = destination {
      _ = try signer.signPushed(digest, as: reference)
    }
    if !options.quiet, let digest { Message.note("Pushed \(digest)") }
    return 0
  }

  static let options: [OptionSpec<Options>] =
    [
      .flag("quiet", "q", \.quiet, "Show no progress"),
      .value(
        "format", "f", \.format, "FORMAT", "The kind of manifest: oci or v2s2 (docker)",
        choices: ["oci", "v2s2", "docker"]),
      .value(
        "compression-format", nil, \.compression, "FORMAT", "How layers are compressed",
        choices: ["gzip", "zstd"]),
      .integer("compression-level", nil, \.level, "LEVEL", "How much effort compressing takes"),
      .optionalBool(
        "force-compression", nil, \.isForced,
        "Whether to compress layers anew that are compressed otherwise"),
      .value(
        "digestfile", nil, \.digestFile, "FILE", "Write the digest of the pushed image there",
        complete: .file),
      .flag(
        "remove-signatures", nil, \.removesSignatures,
        "Leave signatures behind; none are kept here, so none are pushed"),
      .checkedPlatform(\.platform),
      .flag(
        "compress", nil, \.compressesFiles, "Compress layers that are not (with dir:DIR)"),
      .flag(
        "disable-content-trust", nil, \.disablesContentTrust,
        "For docker's scripts: there is no content trust to disable", hidden: true),
    ] + signing(\.self) + RegistryOptions.accessTable(\.registry)
    + RegistryOptions.retryTable(\.registry, "push")
    + UnsupportedOptions.specs(UnsupportedOptions.push)
}

extension PushCommand {
  /// The rows of a command whose options hold these at `path`.
  static func signing<Command>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Command, Options>
  ) -> [OptionSpec<Command>] {
    [
      .value(
        "sign-by", nil, path().appending(path: \.signer), "KEY",
        "Sign what was pushed with this key of gpg, for where registries.d says"),
      .value(
        "sign-passphrase-file", nil, path().appending(path: \.passphraseFile), "FILE",
        "Where the key's passphrase is", complete: .file),
    ]
  }
}

extension PushCommand.Options {
  /// What signs; made before anything is pushed, so that a missing key is told first.
  func makeSigner(
    _ context: EngineContext, _ destination: PushImage.Destination
  ) throws -> SignImage? {
    guard let signer else {
      guard passphraseFile == nil else {
        throw ErrorReport(.invalidRequest, "--sign-passphrase-file goes with --sign-by KEY")
      }
      return nil
    }
    guard case .registry = destination else {
      throw ErrorReport(.invalidRequest, "--sign-by needs a registry as the destination")
    }
    var settings = SignImage.Settings(key: signer)
    settings.passphraseFile = passphraseFile
    settings.access = try registry.access()
    return try SignImage(context, settings)
  }

  func settings() throws -> PushImage.Settings {
    var settings = PushImage.Settings()
    settings.compressesFiles = compressesFiles
    settings.access = try registry.access()
    settings.format = format == "docker" ? "v2s2" : format
    // A compression that is asked for by name is meant for every layer.
    settings.compression = PushRequest.Compression(
      format: compression, level: level, isForced: isForced ?? (compression != nil))
    settings.compression.additional = additional
    return settings
  }
}
