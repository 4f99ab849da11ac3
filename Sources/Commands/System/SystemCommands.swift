public import CommandLineKit

/// The commands on Martlet itself.
public enum SystemCommands {
  /// `martlet system …`.
  public static let group = MartletCommand(
    group: "system", summary: "Manage Martlet itself",
    subcommands: [
      SystemCheckCommand.command, DiskUsageCommand.command, EventsCommand.command,
      InfoCommand.command,
      SystemResetCommand.migrate, SystemPruneCommand.command, SystemResetCommand.renumber,
      SystemResetCommand.connections,
      SystemResetCommand.reset,
    ])
}
