import LinuxSystem
import Model
import OCISpec

extension RuntimeCommands {
  static let pause = RuntimeCommand(
    name: "pause", usage: "pause ID", summary: "freeze a container's processes", options: [],
    operands: 1...1
  ) { (_, operands, context) throws(ErrorReport) in
    try reporting { () throws(RuntimeError) in
      try PauseContainer(operands[0], freezes: true, context: context).run()
    }
    return 0
  }

  static let resume = RuntimeCommand(
    name: "resume", usage: "resume ID", summary: "thaw a container's processes", options: [],
    operands: 1...1
  ) { (_, operands, context) throws(ErrorReport) in
    try reporting { () throws(RuntimeError) in
      try PauseContainer(operands[0], freezes: false, context: context).run()
    }
    return 0
  }

  static let update = RuntimeCommand(
    name: "update", usage: "update [--memory BYTES] [--pids-limit N] [--resources FILE|-] ID",
    summary: "change a container's limits",
    options: [
      .value("resources", "r"), .value("memory"), .value("memory-reservation"),
      .value("memory-swap"), .value("cpu-share"), .value("cpu-shares"), .value("cpu-quota"),
      .value("cpu-period"), .value("cpu-burst"), .value("cpuset-cpus"), .value("cpuset-mems"),
      .value("cpu-idle"), .value("pids-limit"), .value("blkio-weight"),
    ], operands: 1...1
  ) { (options, operands, context) throws(ErrorReport) in
    let resources = try resources(options)
    try reporting { () throws(RuntimeError) in
      try UpdateContainer(operands[0], resources, context: context).run()
    }
    return 0
  }

  private static func resources(_ options: OptionReader) throws(ErrorReport) -> RuntimeResources {
    if let file = options.value("resources") {
      let bytes: [UInt8]
      do throws(SystemError) {
        bytes =
          file == "-"
          ? try Descriptor.readAll(Descriptor.standardInput, limit: 1 << 20)
          : try FileTree.read(file, limit: 1 << 20)
      } catch { throw ErrorReport(.notFound, "read \(file): \(error.reason)") }
      return try reporting { () throws(RuntimeError) in
        try UpdateContainer.read(bytes, file: file)
      }
    }
    var resources = RuntimeResources()
    var memory = RuntimeMemory()
    memory.limit = try options.number("memory")
    memory.reservation = try options.number("memory-reservation")
    memory.swap = try options.number("memory-swap")
    if memory != RuntimeMemory() { resources.memory = memory }
    var cpu = RuntimeCPU()
    cpu.shares = try unsigned(options, "cpu-shares")
    if cpu.shares == nil { cpu.shares = try unsigned(options, "cpu-share") }
    cpu.quota = try options.number("cpu-quota")
    cpu.period = try unsigned(options, "cpu-period")
    cpu.burst = try unsigned(options, "cpu-burst")
    cpu.cpus = options.value("cpuset-cpus")
    cpu.mems = options.value("cpuset-mems")
    cpu.idle = try options.number("cpu-idle")
    if cpu != RuntimeCPU() { resources.cpu = cpu }
    if let limit = try options.number("pids-limit") { resources.pids = RuntimePids(limit: limit) }
    if let weight = try options.number("blkio-weight") {
      var io = RuntimeBlockIO()
      io.weight = UInt16(clamping: weight)
      resources.blockIO = io
    }
    return resources
  }

  private static func unsigned(_ options: OptionReader, _ name: String) throws(ErrorReport)
    -> UInt64?
  {
    guard let number = try options.number(name) else { return nil }
    guard let unsigned = UInt64(exactly: number) else {
      throw ErrorReport(.invalidRequest, "option `--\(name)`: `\(number)` is negative")
    }
    return unsigned
  }

  static let ps = RuntimeCommand(
    name: "ps", usage: "ps [--format table|json] ID", summary: "list a container's processes",
    options: [.value("format", "f")], operands: 1...100
  ) { (options, operands, context) throws(ErrorReport) in
    let pids = try reporting { () throws(RuntimeError) in
      try ContainerProcesses(operands[0], context: context).list()
    }
    switch options.value("format") ?? "table" {
    case "json":
      return try RuntimeCommandLine.print(
        String(decoding: pids.json.encoded(), as: UTF8.self) + "\n")
    case "table":
      return try RuntimeCommandLine.print("PID\n" + pids.map { "\($0)\n" }.joined())
    case let other: throw ErrorReport(.invalidRequest, "unknown format `\(other)`")
    }
  }

  static let features = RuntimeCommand(
    name: "features", usage: "features", summary: "print what the runtime can do", options: [],
    operands: 0...0
  ) { (_, _, _) throws(ErrorReport) in
    try RuntimeCommandLine.print(
      String(decoding: RuntimeFeatures.document().encoded(pretty: true), as: UTF8.self) + "\n")
  }

  static let spec = RuntimeCommand(
    name: "spec", usage: "spec [--rootless] [--bundle DIR]",
    summary: "write a configuration to start from",
    options: [.flag("rootless"), .value("bundle", "b"), .value("config", "f")], operands: 0...0
  ) { (options, _, _) throws(ErrorReport) in
    let ids = (CurrentProcess.effectiveUser, CurrentProcess.effectiveGroup)
    let text = SpecTemplate.make(rootless: options.flag("rootless") ? ids : nil)
      .encoded(pretty: true)
    let file = "\(options.value("bundle") ?? ".")/config.json"
    do throws(SystemError) {
      let config = try OwnedDescriptor.open(
        file, [.writeOnly, .create, .exclusive], mode: 0o644)
      try Descriptor.writeAll(config.raw, text + [0x0A])
      return 0
    } catch { throw ErrorReport(.conflict, "write \(file): \(error.reason)") }
  }
}
