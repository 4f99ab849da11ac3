import CommandLineKit
import Engine
import LinuxSystem
import Model

/// The commands about what is in volumes.
enum VolumeFileCommands {
  struct ExportOptions: Sendable {
    var output: String?
  }

  static let export = MartletCommand(
    "export", summary: "Write a volume's files as a tar archive", usage: "[options] NAME",
    positionals: .exactly(1, .volume), defaults: ExportOptions(),
    options: [
      .value(
        "output", "o", \.output, "FILE", "Write this instead of standard output", complete: .file)
    ]
  ) { options, invocation in
    let context = try invocation.globals.context()
    let volume = try VolumeStore(context).resolve(invocation.arguments[0])
    if options.output == nil, Descriptor.isTerminal(Descriptor.standardOutput) {
      throw ErrorReport(
        .invalidRequest, "refusing to export to a terminal",
        hint: "use --output FILE or redirect standard output")
    }
    try VolumeArchives(context).export(volume, to: options.output)
    return 0
  }

  static let unpack = MartletCommand(
    "import", summary: "Unpack a tar archive into a volume", usage: "NAME FILE|-",
    description: "A volume that does not exist is an error; a dash reads standard input.",
    positionals: .between(1, 2, .volume, .file), defaults: NoOptions(), options: []
  ) { _, invocation in
    let context = try invocation.globals.context()
    let volume = try VolumeStore(context).resolve(invocation.arguments[0])
    let path = invocation.arguments.count > 1 ? invocation.arguments[1] : "-"
    if path == "-", Descriptor.isTerminal(Descriptor.standardInput) {
      throw ErrorReport(
        .invalidRequest, "cannot read an archive from a terminal", hint: "name a file")
    }
    try VolumeArchives(context).unpack(path == "-" ? nil : path, into: volume)
    return 0
  }

  static let mount = MartletCommand(
    "mount", summary: "Mount volumes and tell where", usage: "NAME [NAME...]",
    description: "Works in martlet unshare; the mounts end with it.",
    positionals: .atLeast(1, .volume), defaults: NoOptions(), options: []
  ) { _, invocation in
    let context = try invocation.globals.context()
    for word in invocation.arguments {
      let volume = try VolumeStore(context).resolve(word)
      try Output.line(try VolumeArchives(context).mountHere(volume))
    }
    return 0
  }

  static let unmount = MartletCommand(
    "unmount", aliases: ["umount"], summary: "Unmount volumes", usage: "NAME [NAME...]",
    positionals: .atLeast(1, .volume), defaults: NoOptions(), options: []
  ) { _, invocation in
    let context = try invocation.globals.context()
    for word in invocation.arguments {
      let volume = try VolumeStore(context).resolve(word)
      try VolumeArchives(context).unmountHere(volume)
      try Output.line(volume.name)
    }
    return 0
  }

  static let reload = MartletCommand(
    "reload", summary: "Take over volumes of plugins; there are none here", usage: "",
    positionals: .none, defaults: NoOptions(), options: []
  ) { _, _ in 0 }
}
