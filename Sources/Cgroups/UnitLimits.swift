import OCISpec
import SystemdBus

/// Limits as properties of a systemd unit (systemd.resource-control(5)), so that systemd keeps them
/// when it rewrites a unit's cgroup; what it has no property for stands in the cgroup's files alone.
struct UnitLimits: Equatable {
  private(set) var properties: [UnitProperty] = []

  /// - Parameter settings: the same limits as files of cgroup v2.
  init(_ settings: [LimitSetting]) {
    for setting in settings { take(setting) }
  }

  private mutating func add(_ name: String, _ value: BusValue) {
    properties.append(UnitProperty(name, value))
  }

  private static let amounts: [String: String] = [
    "memory.max": "MemoryMax", "memory.high": "MemoryHigh", "memory.low": "MemoryLow",
    "memory.min": "MemoryMin", "memory.swap.max": "MemorySwapMax", "pids.max": "TasksMax",
    "cpu.weight": "CPUWeight",
  ]

  private mutating func take(_ setting: LimitSetting) {
    if let name = Self.amounts[setting.file] {
      if let amount = Self.amount(setting.value[...]) { add(name, .uint64(amount)) }
      return
    }
    switch setting.file {
    case "cpu.max": cpuQuota(setting.value)
    case "cpuset.cpus": if let mask = Self.mask(setting.value) { add("AllowedCPUs", mask) }
    case "cpuset.mems": if let mask = Self.mask(setting.value) { add("AllowedMemoryNodes", mask) }
    case "io.weight":
      let value = setting.value.split(separator: " ")
      guard value.count == 1 || value.first == "default", let last = value.last else { return }
      if let weight = UInt64(last) { add("IOWeight", .uint64(weight)) }
    case "io.max": throttle(setting.value)
    default: break
    }
  }

  /// `max` is the largest number.
  private static func amount(_ text: Substring) -> UInt64? { text == "max" ? .max : UInt64(text) }

  /// `QUOTA PERIOD` in microseconds; systemd counts per second, in steps of a hundredth.
  private mutating func cpuQuota(_ text: String) {
    let fields = text.split(separator: " ")
    let period = fields.count > 1 ? UInt64(fields[1]) ?? 100_000 : 100_000
    guard let first = fields.first, let quota = Self.amount(first), period > 0 else { return }
    guard quota != .max else { return add("CPUQuotaPerSecUSec", .uint64(.max)) }
    let (scaled, overflow) = quota.multipliedReportingOverflow(by: 1_000_000)
    let perSecond = overflow ? .max : (scaled / period + 9_999) / 10_000 * 10_000
    add("CPUQuotaPerSecUSec", .uint64(perSecond))
    add("CPUQuotaPeriodUSec", .uint64(period))
  }

  private mutating func throttle(_ text: String) {
    let names = [
      "rbps": "IOReadBandwidthMax", "wbps": "IOWriteBandwidthMax", "riops": "IOReadIOPSMax",
      "wiops": "IOWriteIOPSMax",
    ]
    let fields = text.split(separator: " ")
    guard let device = fields.first else { return }
    for field in fields.dropFirst() {
      let pair = field.split(separator: "=")
      guard pair.count == 2, let name = names[String(pair[0])], let rate = Self.amount(pair[1])
      else { continue }
      let entry = BusValue.structure([.string("/dev/block/\(device)"), .uint64(rate)])
      add(name, .array(of: "(st)", [entry]))
    }
  }

  /// A list such as `0-2,7` as a bit mask, the lowest byte first; nil when it is no list.
  static func mask(_ list: String) -> BusValue? {
    var bytes: [UInt8] = []
    for part in list.split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1],
        first <= last, last < 8_192
      else { return nil }
      for bit in Int(first)...Int(last) {
        while bytes.count <= bit / 8 { bytes.append(0) }
        bytes[bit / 8] |= 1 << UInt8(bit % 8)
      }
    }
    return bytes.isEmpty ? nil : .bytes(bytes)
  }
}
