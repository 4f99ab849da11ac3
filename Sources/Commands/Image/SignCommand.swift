import CommandLineKit
import Engine
import Model

/// `image sign`.
enum SignCommand {
  struct Options: Sendable {
    var key: String?
    var directory: String?
    var all = false
    var registry = RegistryOptions()
  }

  static let command = MartletCommand(
    "sign", summary: "Sign images by GnuPG", usage: "[options] --sign-by KEY IMAGE [IMAGE...]",
    description: "An image is one that is here, or with docker:// in front one of a registry. Its "
      + "signature goes to the directory that registries.d names for it (lookaside-staging or "
      + "lookaside), where pull finds it when policy.json asks for signedBy.",
    examples: [
      "martlet image sign --sign-by me@example.com docker://quay.io/me/app:1",
      "martlet image sign --sign-by me@example.com --directory /srv/signatures app:1",
    ],
    positionals: .atLeast(1, .image), defaults: Options(),
    options: [
      .value("sign-by", nil, \.key, "KEY", "The key, as gpg finds it; needed"),
      .value(
        "directory", "d", \.directory, "DIR", "Where signatures go", complete: .directory),
      .flag("all", "a", \.all, "Of a manifest list, sign its images as well"),
    ] + RegistryOptions.accessTable(\.registry)
  ) { options, invocation in
    guard let key = options.key, !key.isEmpty else {
      throw ErrorReport(.invalidRequest, "no identity provided", hint: "give --sign-by KEY")
    }
    var settings = SignImage.Settings(key: key)
    settings.directory = options.directory
    settings.all = options.all
    settings.access = try options.registry.access()
    let signer = try SignImage(try invocation.globals.context(), settings)
    for image in invocation.arguments { _ = try signer.run(image) }
    return 0
  }
}
