public import CommandLineKit

/// The commands on Martlet itself.
public enum SystemCommands {
  /// `version`, `info` and `unshare`.
  public static let topLevel: [MartletCommand] = [
    VersionCommand.command, InfoCommand.command, UnshareCommand.command,
  ]

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
