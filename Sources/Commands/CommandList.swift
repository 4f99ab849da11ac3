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
      .init(
        "Containers",
        containers + [
          FilesCommands.diff, containerGroup, HealthCommands.group, LifecycleCommands.cleanUp,
        ]),
      .init("Images", ImageCommands.topLevel + [ImageCommands.group, ManifestCommands.group]),
      .init("Volumes and secrets", [VolumeCommands.group, SecretCommands.group]),
      .init(
        "General",
        SystemCommands.topLevel + [
          EventsCommand.command, InspectCommand.command, SystemCommands.group,
          SystemResetCommand.contexts,
        ]),
      .init(
        "Help",
        [
          DocumentationCommands.completion, DocumentationCommands.script, DocumentationCommands.man,
        ]),
    ], unsupported: UnsupportedCommands.reason)

  private static let containers: [MartletCommand] = [
    RunCommand.run, RunCommand.create, LifecycleCommands.start, LifecycleCommands.stop,
    LifecycleCommands.restart, LifecycleCommands.kill, RemoveCommands.remove, PsCommand.command,
    ExecCommand.command, LogsCommand.command, LifecycleCommands.attach, WaitCommand.command,
    PortCommand.command, PauseCommands.pause, PauseCommands.unpause, MiscCommands.rename,
    MiscCommands.initialize, TopCommand.command, CopyCommand.command, FilesCommands.export,
    FilesCommands.commit, MountCommands.mount, MountCommands.unmount,
    StatsCommand.command, UpdateCommand.command,
  ]

  private static let containerGroup = MartletCommand(
    group: "container", summary: "Manage containers",
    subcommands: containers.filter { $0.name != "ps" } + [
      PsCommand.command.named("ls", aliases: ["list", "ps"]), ContainerInspectCommand.command,
      FilesCommands.containerDiff, LifecycleCommands.exists, RemoveCommands.prune,
      RemoveCommands.cleanUp, CloneCommand.command,
    ])
}
