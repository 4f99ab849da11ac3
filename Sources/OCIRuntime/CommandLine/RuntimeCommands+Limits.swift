import CommandLineKit
import LinuxSystem
import Model
import OCISpec

extension RuntimeCommands {
  private static func freezing(_ name: String, _ freezes: Bool, _ summary: String)
    -> RuntimeCommand
  {
    RuntimeCommand(
      name, summary: summary, usage: "ID", positionals: .exactly(1, .container),
      defaults: NoRuntimeOptions(), options: []
    ) { _, invocation in
      try PauseContainer(
        invocation.arguments[0], freezes: freezes, context: invocation.globals.context
      ).run()
      return 0
    }
  }

  static let pause = freezing("pause", true, "Freeze a container's processes")
  static let resume = freezing("resume", false, "Thaw a container's processes")

  struct Limits: Sendable {
    var file: String?
    var resources = RuntimeResources()
    var memory = RuntimeMemory()
    var cpu = RuntimeCPU()
    var l3: String?
    var bandwidth: String?

    static var table: [OptionSpec<Self>] {
      [
        .value(
          "resources", "r", \.file, "FILE|-", "The limits as a JSON document", complete: .file)
      ] + memoryTable + cpuTable + [
        number("pids-limit", "N", "Processes; -1 is no limit") {
          $0.resources.pids = RuntimePids(limit: $1)
        },
        number("blkio-weight", "WEIGHT", "Share of block I/O, 10 to 1000") {
          var io = RuntimeBlockIO()
          io.weight = UInt16(clamping: $1)
          $0.resources.blockIO = io
        },
        .value("l3-cache-schema", nil, \.l3, "SCHEMA", "Intel RDT: the cache's schema"),
        .value("mem-bw-schema", nil, \.bandwidth, "SCHEMA", "Intel RDT: the memory's bandwidth"),
      ]
    }

    private static var memoryTable: [OptionSpec<Self>] {
      [
        size("memory", "Memory; -1 is no limit") { $0.memory.limit = $1 },
        size("memory-reservation", "Memory that is kept when it gets scarce") {
          $0.memory.reservation = $1
        },
        size("memory-swap", "Memory and swap together; -1 is no limit") {
          $0.memory.swap = $1
        },
        size("kernel-memory", "Kernel memory (cgroup v1)") { $0.memory.kernel = $1 },
        size("kernel-memory-tcp", "Memory of TCP buffers (cgroup v1)") {
          $0.memory.kernelTCP = $1
        },
      ]
    }

    private static var cpuTable: [OptionSpec<Self>] {
      [
        count("cpu-share", "SHARES", "Share of CPU time", aliases: ["cpu-shares"]) {
          $0.cpu.shares = $1
        },
        number("cpu-quota", "USEC", "CPU time in a period; -1 is no limit") { $0.cpu.quota = $1 },
        count("cpu-period", "USEC", "The period of the quota") {
          $0.cpu.period = $1
        },
        count("cpu-burst", "USEC", "Unused quota that may be spent later") {
          $0.cpu.burst = $1
        },
        count("cpu-rt-period", "USEC", "Realtime period (cgroup v1)") {
          $0.cpu.realtimePeriod = $1
        },
        number("cpu-rt-runtime", "USEC", "Realtime CPU time (cgroup v1)") {
          $0.cpu.realtimeRuntime = $1
        },
        number("cpu-idle", "0|1", "Run only when nothing else wants to") { $0.cpu.idle = $1 },
        .value("cpuset-cpus", nil, \.cpu.cpus, "LIST", "CPUs to run on, such as 0-2,4"),
        .value("cpuset-mems", nil, \.cpu.mems, "LIST", "Memory nodes to use"),
      ]
    }

    private static func size(
      _ name: String, _ help: String, _ store: @escaping @Sendable (inout Self, Int64) -> Void
    ) -> OptionSpec<Self> {
      .parsed(name, nil, "BYTES", help) { options, text throws(UsageError) in
        guard let size = ByteCount(text) else {
          throw UsageError("is not a number of bytes, such as 1048576, 50M or 1.5G")
        }
        store(&options, size.bytes)
      }
    }

    private static func number(
      _ name: String, _ metavar: String, _ help: String, aliases: [String] = [],
      _ store: @escaping @Sendable (inout Self, Int64) -> Void
    ) -> OptionSpec<Self> {
      .parsed(name, nil, metavar, help, aliases: aliases) { options, text throws(UsageError) in
        guard let number = Int64(text) else { throw UsageError("is not a whole number") }
        store(&options, number)
      }
    }

    /// A number that is never negative.
    private static func count(
      _ name: String, _ metavar: String, _ help: String, aliases: [String] = [],
      _ store: @escaping @Sendable (inout Self, UInt64) -> Void
    ) -> OptionSpec<Self> {
      .parsed(name, nil, metavar, help, aliases: aliases) { options, text throws(UsageError) in
        guard let number = UInt64(text) else { throw UsageError("is not a whole number from 0 on") }
        store(&options, number)
      }
    }

    func asked() throws(RuntimeError) -> RuntimeResources {
      guard l3 == nil, bandwidth == nil else {
        throw .unusable(
          field: l3 == nil ? "--mem-bw-schema" : "--l3-cache-schema",
          "changing a resource control group is not supported; write its schemata by hand")
      }
      if let file { return try Self.read(file) }
      var asked = resources
      if memory != RuntimeMemory() { asked.memory = memory }
      if cpu != RuntimeCPU() { asked.cpu = cpu }
      return asked
    }

    private static func read(_ file: String) throws(RuntimeError) -> RuntimeResources {
      let bytes = try during("read \(file)") { () throws(SystemError) in
        file == "-"
          ? try Descriptor.readAll(Descriptor.standardInput, limit: 1 << 20)
          : try FileTree.read(file, limit: 1 << 20)
      }
      return try UpdateContainer.read(bytes, file: file)
    }
  }

  static let update = RuntimeCommand(
    "update", summary: "Change a container's limits", usage: "[options] ID",
    positionals: .exactly(1, .container), defaults: Limits(), options: Limits.table
  ) { options, invocation in
    let context = invocation.globals.context
    try UpdateContainer(invocation.arguments[0], try options.asked(), context: context).run()
    return 0
  }
}
