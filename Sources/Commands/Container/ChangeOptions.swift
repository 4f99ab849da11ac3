import CommandLineKit
import Engine
import Model

/// Options for limits that `update` and `container clone` change.
enum ChangeOptions {
  static func limits<Options>(
    _ path: @escaping @Sendable @autoclosure () -> WritableKeyPath<Options, ContainerChanges>
  ) -> [OptionSpec<Options>] {
    [
      .parsed("blkio-weight", nil, "WEIGHT", "Relative weight of block I/O, 10 to 1000") {
        options, text throws(UsageError) in
        guard let weight = Int64(text), (10...1000).contains(weight) else {
          throw UsageError("it must be between 10 and 1000")
        }
        options[keyPath: path()].blockWeight = weight
      },
      .parsed("cpu-period", nil, "MICROSECONDS", "CPU scheduler period") {
        options, text throws(UsageError) in
        options[keyPath: path()].cpuPeriod = try Sizes.unsigned(text)
      },
      .parsed("cpu-quota", nil, "MICROSECONDS", "CPU time in each period") {
        options, text throws(UsageError) in
        options[keyPath: path()].cpuQuota = try Sizes.signed(text)
      },
      .parsed("cpu-shares", "c", "WEIGHT", "Relative CPU weight") {
        options, text throws(UsageError) in
        options[keyPath: path()].cpuShares = try Sizes.unsigned(text)
      },
      .parsed("cpus", nil, "NUMBER", "Number of CPUs") { options, text throws(UsageError) in
        options[keyPath: path()].milliCPUs = try Sizes.milliCPUs(text)
      },
      .parsed("cpuset-cpus", nil, "LIST", "CPUs to run on, such as 0-3,7") {
        options, text throws(UsageError) in
        options[keyPath: path()].cpusetCPUs = text
      },
      .parsed("cpuset-mems", nil, "LIST", "Memory nodes to use") {
        options, text throws(UsageError) in
        options[keyPath: path()].cpusetMems = text
      },
      .parsed("memory", "m", "SIZE", "Memory limit") { options, text throws(UsageError) in
        options[keyPath: path()].memory = try Sizes.parse(text)
      },
      .parsed("memory-reservation", nil, "SIZE", "Memory soft limit") {
        options, text throws(UsageError) in
        options[keyPath: path()].memoryReservation = try Sizes.parse(text)
      },
      .parsed("memory-swap", nil, "SIZE", "Limit of memory and swap together; -1 for no limit") {
        options, text throws(UsageError) in
        options[keyPath: path()].memorySwap = text == "-1" ? -1 : try Sizes.parse(text)
      },
      .parsed("pids-limit", nil, "NUMBER", "Limit of processes; -1 for none") {
        options, text throws(UsageError) in
        let value = try Sizes.signed(text)
        options[keyPath: path()].pids = value == 0 ? -1 : value
      },
    ]
  }
}
