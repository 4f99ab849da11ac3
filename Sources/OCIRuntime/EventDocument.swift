import Cgroups
import OCISpec

/// The lines of `events`, shaped as runc shapes them.
enum EventDocument {
  static func outOfMemory(_ id: ContainerID) -> JSONValue {
    object([("type", .string("oom")), ("id", .string(id.text))])
  }

  static func statistics(_ id: ContainerID, _ stats: CgroupStats) -> JSONValue {
    object([
      ("type", .string("stats")), ("id", .string(id.text)),
      (
        "data",
        object([
          ("cpu", cpu(stats)), ("memory", memory(stats)),
          (
            "pids",
            object([("current", number(stats.pids)), ("limit", number(stats.pidsLimit))])
          ),
          ("blkio", blocks(stats)),
        ])
      ),
    ])
  }

  private static func number(_ value: UInt64?) -> JSONValue { (value ?? 0).json }

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(JSONObject(members.map { JSONObject.Member($0.0, $0.1) }))
  }

  private static func cpu(_ stats: CgroupStats) -> JSONValue {
    object([
      (
        "usage",
        object([
          ("total", number(stats.cpuTotal)), ("kernel", number(stats.cpuSystem)),
          ("user", number(stats.cpuUser)),
        ])
      ),
      (
        "throttling",
        object([
          ("periods", number(stats.cpuPeriods)),
          ("throttledPeriods", number(stats.cpuThrottledPeriods)),
          ("throttledTime", number(stats.cpuThrottledTime)),
        ])
      ),
    ])
  }

  private static func memory(_ stats: CgroupStats) -> JSONValue {
    object([
      ("cache", number(stats.memoryDetails["file"] ?? stats.memoryDetails["cache"])),
      (
        "usage",
        object([
          ("limit", number(stats.memoryLimit)), ("usage", number(stats.memoryUsage)),
          ("max", number(stats.memoryPeak)), ("failcnt", number(stats.outOfMemory)),
        ])
      ),
      (
        "swap",
        object([("limit", number(stats.swapLimit)), ("usage", number(stats.swapUsage))])
      ),
      ("raw", stats.memoryDetails.json),
    ])
  }

  private static func blocks(_ stats: CgroupStats) -> JSONValue {
    func entries(
      _ read: (CgroupStats.DeviceTraffic) -> UInt64,
      _ write: (CgroupStats.DeviceTraffic) -> UInt64
    ) -> JSONValue {
      .array(
        stats.devices.flatMap { device in
          [("Read", read(device)), ("Write", write(device))].map { (word, value) in
            object([
              ("major", device.major.json), ("minor", device.minor.json), ("op", .string(word)),
              ("value", value.json),
            ])
          }
        })
    }
    return object([
      ("ioServiceBytesRecursive", entries({ $0.readBytes }, { $0.writtenBytes })),
      ("ioServicedRecursive", entries({ $0.reads }, { $0.writes })),
    ])
  }
}
