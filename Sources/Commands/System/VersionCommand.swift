import CommandLineKit
import Engine
import Model

enum VersionCommand {
  struct Options: Sendable { var format: String? }

  static let command = MartletCommand(
    "version", summary: "Show the version", usage: "[options]",
    positionals: .none, defaults: Options(),
    options: [.value("format", "f", \.format, "FORMAT", "json or a Go template")]
  ) { options, _ in
    switch options.format {
    case nil: try Output.write(text)
    case "json": try Output.line(TemplateValue.object([("Client", client)]).json(pretty: true))
    case let format?:
      // There is no server; scripts that ask for its version mean the engine's.
      let value = TemplateValue.object([
        ("Client", client), ("Server", client), ("Version", .string(CalledName.current.version)),
      ])
      try Output.write(try OutputFormat(format).render([value]))
    }
    return 0
  }

  static var osArch: String { "\(Platform.host.os)/\(Platform.host.architecture)" }

  private static var text: String {
    var table = TextTable()
    table.append(["Client:", "Martlet"])
    table.append(["Version:", CalledName.current.version])
    table.append(["API Version:", MartletVersion.apiVersion])
    table.append(["OS/Arch:", osArch])
    return table.render()
  }

  private static var client: TemplateValue {
    .object([
      ("APIVersion", .string(MartletVersion.apiVersion)),
      ("Version", .string(CalledName.current.version)), ("GoVersion", .string("")),
      ("GitCommit", .string("")), ("BuiltTime", .string("")), ("Built", .int(0)),
      ("OsArch", .string(osArch)), ("Os", .string(Platform.host.os)),
    ])
  }
}
