public import CommandLineKit
import Model

/// The whole command line of `martlet`.
public enum CommandList {
  public static let tree = CommandTree<GlobalOptions>(
    name: "martlet", version: MartletVersion.text,
    summary: "Daemonless, rootless containers", globalDefaults: GlobalOptions(),
    globalOptions: GlobalOptions.table,
    sections: [
      .init("Containers", containers + [containerGroup, hiddenCleanUp])
    ])

  private static let containers: [MartletCommand] = [
    RunCommand.run, RunCommand.create, LifecycleCommands.start, LifecycleCommands.stop,
    LifecycleCommands.restart, LifecycleCommands.kill, LifecycleCommands.remove, PsCommand.command,
    ExecCommand.command, LogsCommand.command, LifecycleCommands.attach, LifecycleCommands.wait,
    PortCommand.command, ContainerInspectCommand.command,
  ]

  private static let containerGroup = MartletCommand(
    group: "container", summary: "Manage containers",
    subcommands: containers.filter { $0.name != "ps" && $0.name != "inspect" } + [
      PsCommand.command.named("ls", aliases: ["list", "ps"]), ContainerInspectCommand.command,
      LifecycleCommands.exists,
    ])

  private static let hiddenCleanUp = LifecycleCommands.cleanUp
}
