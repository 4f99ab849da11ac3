import CommandLineKit
import Model

extension RuntimeCommands {
  struct Checkpointing: Sendable {
    var checkpoint = CheckpointOptions()
    var creation = Creation()
    /// Options of runc that need CRIU's service protocol.
    var lazyPages = false
    var pageServer: String?
    var statusFD: String?

    static var common: [OptionSpec<Self>] {
      [
        .value(
          "image-path", nil, \.checkpoint.images, "DIR", "Where the files are (./checkpoint)",
          complete: .directory),
        .value(
          "work-path", nil, \.checkpoint.work, "DIR", "Where CRIU's logs go", complete: .directory),
        .flag(
          "tcp-established", nil, \.checkpoint.keepsConnections, "Keep open TCP connections"),
        .flag(
          "ext-unix-sk", nil, \.checkpoint.externalSockets,
          "Allow Unix sockets to outside the container"),
        .flag("shell-job", nil, \.checkpoint.shellJob, "Allow a terminal of outside"),
        .flag("file-locks", nil, \.checkpoint.fileLocks, "Keep file locks"),
        .flag("auto-dedup", nil, \.checkpoint.deduplicates, "Drop pages that a later file has"),
        .value(
          "manage-cgroups-mode", nil, \.checkpoint.cgroups, "MODE", "What to do with cgroups",
          choices: ["soft", "full", "strict", "ignore"]),
        .parsed(
          "empty-ns", nil, "NAMESPACE", "Make a namespace without what was in it",
          choices: ["network"],
          { options, text throws(UsageError) in
            guard text == "network" else { throw UsageError("only network can be empty") }
            options.checkpoint.emptyNetwork = true
          }),
        .flag("lazy-pages", nil, \.lazyPages, "Not supported", hidden: true),
        .value("page-server", nil, \.pageServer, "ADDRESS", "Not supported", hidden: true),
        .value("status-fd", nil, \.statusFD, "FD", "Not supported", hidden: true),
      ]
    }

    static var restoring: [OptionSpec<Self>] {
      [
        .value(
          "bundle", "b", \.creation.bundle, "DIR", "The bundle, by default the working directory",
          complete: .directory),
        .value(
          "config", "f", \.creation.config, "FILE",
          "The bundle's configuration instead of config.json", complete: .file),
        .value(
          "pid-file", nil, \.creation.pidFile, "FILE", "Where to write the process id",
          complete: .file),
        .flag("detach", "d", \.creation.detach, "Return when the process runs"),
        .flag("no-pivot", nil, \.creation.noPivot, "Has no meaning here", hidden: true),
        .flag("no-subreaper", nil, \.creation.noSubreaper, "Has no meaning here", hidden: true),
      ]
    }

    func check() throws(RuntimeError) {
      let unsupported = [
        (lazyPages, "--lazy-pages"), (pageServer != nil, "--page-server"),
        (statusFD != nil, "--status-fd"),
      ]
      for (given, name) in unsupported where given {
        throw .unusable(field: name, "is not supported")
      }
    }
  }

  static let checkpoint = RuntimeCommand(
    "checkpoint", summary: "Write a running container to files, by CRIU", usage: "[options] ID",
    positionals: .exactly(1, .container), defaults: Checkpointing(),
    options: Checkpointing.common + [
      .flag("leave-running", nil, \.checkpoint.leavesRunning, "Let the container run on"),
      .flag("pre-dump", nil, \.checkpoint.preDump, "Write its memory alone, and let it run on"),
      .value(
        "parent-path", nil, \.checkpoint.parent, "DIR", "The files of a pre-dump before",
        complete: .directory),
    ]
  ) { options, invocation in
    try options.check()
    try CheckpointContainer(
      invocation.arguments[0], options.checkpoint, context: invocation.globals.context
    ).run()
    return 0
  }

  static let restore = RuntimeCommand(
    "restore", summary: "Make a container of a checkpoint's files, by CRIU",
    usage: "[options] ID", positionals: .exactly(1), defaults: Checkpointing(),
    options: Checkpointing.common + Checkpointing.restoring
  ) { options, invocation in
    try options.check()
    let create = options.creation.plan(invocation.arguments[0], invocation.globals.context)
    var restore = RestoreContainer(create, options.checkpoint)
    restore.detach = options.creation.detach
    return try restore.run()
  }
}
