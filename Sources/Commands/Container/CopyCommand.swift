import CommandLineKit
import Engine
import LinuxSystem
import Model

enum CopyCommand {
  struct Options: Sendable {
    var archive = true
    var overwrite = false
    var followsLink = true
    var quiet = false
    var pause = false
    var extract = false
  }

  static let command = MartletCommand(
    "cp", summary: "Copy files between a container and the machine",
    usage: "[options] [CONTAINER:]SOURCE [CONTAINER:]DESTINATION",
    description: """
      A directory is copied into a destination that exists, and as a destination that does not. \
      With /. at its end, only what is in it is copied. A dash as SOURCE reads a tar archive from \
      standard input into a directory, as DESTINATION it writes one to standard output. Relative \
      paths in a container start in its working directory.
      """,
    examples: [
      "martlet cp web:/etc/nginx/nginx.conf .", "martlet cp site/. web:/usr/share/nginx/html",
      "tar -c site | martlet cp - web:/srv",
    ],
    positionals: .exactly(2, .container), defaults: Options(),
    options: [
      .flag(
        "archive", "a", \.archive,
        "Give the copies to the container's user, or to you (the default); =false keeps owners"),
      .flag(
        "follow-link", "L", \.followsLink, "Copy what a link as SOURCE leads to; always so here"),
      .flag(
        "overwrite", nil, \.overwrite,
        "Let directories replace other files, and other files directories"),
      .flag("quiet", "q", \.quiet, "Show no progress; none is shown"),
      .flag("pause", nil, \.pause, "", hidden: true),
      .flag("extract", nil, \.extract, "", hidden: true),
    ]
  ) { options, invocation in
    let first = invocation.arguments[0]
    let source: CopyFiles.Place = first == "/dev/stdin" ? .stream : try CopyFiles.Place(first)
    // Only a dash means the archive.
    if invocation.arguments[1] == "/dev/stdout" {
      throw ErrorReport(
        .invalidRequest,
        "invalid destination: \"/dev/stdout\" must be a directory or a regular file")
    }
    let target = try CopyFiles.Place(invocation.arguments[1])
    guard options.followsLink else {
      throw ErrorReport(.invalidRequest, "copying a link itself is not supported")
    }
    if target == .stream, Descriptor.isTerminal(Descriptor.standardOutput) {
      throw ErrorReport(
        .invalidRequest, "refusing to write an archive to a terminal",
        hint: "redirect standard output, or name a file")
    }
    try CopyFiles(try invocation.globals.context()).run(
      from: source, to: target, keepsOwners: !options.archive, overwrites: options.overwrite)
    return 0
  }
}
