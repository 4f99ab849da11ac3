import CommandLineKit
import Engine
import Model

enum PortCommand {
  static let command = Command<GlobalOptions>(
    "port", summary: "List published ports", usage: "CONTAINER [PORT[/PROTO]]",
    positionals: .between(1, 2, .container), defaults: NoOptions(), options: []
  ) { _, invocation in
    let store = ContainerStore(try invocation.globals.context())
    let config = try store.load(try store.resolve(invocation.arguments[0]))
    var wanted = invocation.arguments.count > 1 ? invocation.arguments[1] : nil
    if let text = wanted, !text.contains("/") { wanted = "\(text)/tcp" }
    var found = false
    for port in config.network.ports {
      let text = PortText.display(port)
      let arrow = text.split(separator: ">", maxSplits: 1).map(String.init)
      guard arrow.count == 2 else { continue }
      let inside = arrow[1]
      if let wanted, wanted != inside { continue }
      found = true
      let outside = arrow[0].dropLast()
      try Output.line(wanted == nil ? "\(inside) -> \(outside)" : String(outside))
    }
    if let wanted, !found {
      throw ErrorReport(.notFound, "no public port \"\(wanted)\" published for \(config.name)")
    }
    return 0
  }
}
