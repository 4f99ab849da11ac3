import Model
import OCISpec

extension RuntimeCommands {
  static let events = RuntimeCommand(
    name: "events", usage: "events [--stats] [--interval SECONDS] ID",
    summary: "print statistics and out-of-memory events",
    options: [.flag("stats"), .value("interval")], operands: 1...1
  ) { (options, operands, context) throws(ErrorReport) in
    var events = ContainerEvents(operands[0], context: context)
    if let text = options.value("interval") {
      let number = text.hasSuffix("s") ? String(text.dropLast()) : text
      guard let seconds = Int32(number), (1...3_600).contains(seconds) else {
        throw ErrorReport(.invalidRequest, "option `--interval`: `\(text)` is not 1 to 3600 s")
      }
      events.interval = seconds * 1_000
    }
    if options.flag("stats") {
      let event = try reporting { () throws(RuntimeError) in try events.stats() }
      return try RuntimeCommandLine.print(line(event))
    }
    try reporting { () throws(RuntimeError) in
      try events.follow { (event) throws(RuntimeError) in
        do throws(ErrorReport) { _ = try RuntimeCommandLine.print(line(event)) } catch {
          throw .reported(error)
        }
      }
    }
    return 0
  }

  private static func line(_ event: JSONValue) -> String {
    String(decoding: event.encoded(), as: UTF8.self) + "\n"
  }
}
