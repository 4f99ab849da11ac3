import CommandLineKit
import Engine
import Model

/// The whole command line of `martlet`.
public enum CommandList {
  static let tree: CommandTree<GlobalOptions> = CommandTree(
    name: CalledName.current.rawValue, version: CalledName.current.version,
    summary: "Daemonless, rootless containers", globalDefaults: GlobalOptions(),
    globalOptions: GlobalOptions.table,
    sections: [
      .init("Containers", containers), .init("Images", images),
      .init(
        "Volumes and secrets",
        [.init("volume", VolumeCommands.group), .init("secret", SecretCommands.group)]),
      .init("General", general),
      .init(
        "Help",
        [
          .init("completion", DocumentationCommands.completion),
          .init("__complete-script", DocumentationCommands.script),
          .init("__man", DocumentationCommands.man),
        ]),
    ], unsupported: UnsupportedCommands.reason)

  /// What is at the top level and below `container` as well.
  private static let containerEntries: [CommandTree<GlobalOptions>.Entry] = [
    .init("run", RunCommand.run), .init("create", RunCommand.create),
    .init("start", LifecycleCommands.start), .init("stop", LifecycleCommands.stop),
    .init("restart", LifecycleCommands.restart), .init("kill", LifecycleCommands.kill),
    .init("rm", aliases: ["remove"], RemoveCommands.remove), .init("ps", PsCommand.command),
    .init("exec", ExecCommand.command), .init("logs", LogsCommand.command),
    .init("attach", LifecycleCommands.attach), .init("wait", WaitCommand.command),
    .init("port", PortCommand.command), .init("pause", PauseCommands.pause),
    .init("unpause", PauseCommands.unpause), .init("rename", MiscCommands.rename),
    .init("init", MiscCommands.initialize), .init("top", TopCommand.command),
    .init("cp", CopyCommand.command), .init("export", FilesCommands.export),
    .init("commit", FilesCommands.commit), .init("mount", MountCommands.mount),
    .init("unmount", aliases: ["umount"], MountCommands.unmount),
    .init("stats", StatsCommand.command),
    .init("update", UpdateCommand.command),
  ]

  private static let containers =
    containerEntries + [
      .init("diff", FilesCommands.diff), .init("container", containerGroup),
      .init("healthcheck", HealthCommands.group), .init("__cleanup", LifecycleCommands.cleanUp),
    ]

  private static let images: [CommandTree<GlobalOptions>.Entry] = [
    .init("pull", PullCommand.command), .init("images", ImagesCommand.command),
    .init("rmi", RemoveImagesCommand.command), .init("tag", TagCommands.tag),
    .init("untag", TagCommands.untag), .init("load", ArchiveCommands.load),
    .init("save", ArchiveCommands.save), .init("import", ArchiveCommands.importRootfs),
    .init("login", LoginCommands.login), .init("logout", LoginCommands.logout),
    .init("push", PushCommand.command), .init("search", SearchCommand.command),
    .init("history", ImageHistoryCommand.command), .init("image", ImageCommands.group),
    .init("manifest", ManifestCommands.group),
  ]

  private static let general: [CommandTree<GlobalOptions>.Entry] = [
    .init("version", VersionCommand.command), .init("info", InfoCommand.command),
    .init("unshare", UnshareCommand.command), .init("events", EventsCommand.command),
    .init("inspect", InspectCommand.command), .init("system", SystemCommands.group),
    .init("context", SystemResetCommand.contexts),
  ]

  private static let containerGroup = MartletCommand(
    group: "container", summary: "Manage containers",
    subcommands: containerEntries.map { $0.command() }.filter { $0.name != "ps" } + [
      PsCommand.command.named("ls", aliases: ["list", "ps"]), ContainerInspectCommand.command,
      FilesCommands.containerDiff, LifecycleCommands.exists, RemoveCommands.prune,
      RemoveCommands.cleanUp, CloneCommand.command,
    ])
}
