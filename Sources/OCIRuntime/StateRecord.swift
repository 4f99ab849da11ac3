import Cgroups
import LinuxSystem
import OCISpec

/// What the runtime remembers of a container: `state.json` in its directory.
struct StateRecord: JSONRecord, Equatable {
  var id = ""
  var pid: Int32 = 0
  /// With the pid, the process's identity: clock ticks since boot.
  var startTime: UInt64 = 0
  /// The kernel's boot id: after a reboot pids mean nothing.
  var boot = ""
  var bundle = ""
  var rootfs = ""
  var created = ""
  var owner: UInt32 = 0
  var annotations: [String: String] = [:]
  var cgroups: [String] = []
  var cgroupsAreUnified = true
  var systemdScope: String?
  var hasHooks = false

  mutating func visit(_ fields: inout RecordFields) throws(SpecError) {
    try fields.required("id", &id)
    try fields.required("pid", &pid)
    try fields.required("startTime", &startTime)
    try fields.required("boot", &boot)
    try fields.required("bundle", &bundle)
    try fields.required("rootfs", &rootfs)
    try fields.required("created", &created)
    try fields.required("owner", &owner)
    try fields.map("annotations", &annotations)
    try fields.list("cgroups", &cgroups)
    try fields.flag("cgroupsAreUnified", &cgroupsAreUnified)
    try fields.optional("systemdScope", &systemdScope)
    try fields.flag("hasHooks", &hasHooks)
  }

  init() { cgroupsAreUnified = false }

  var cgroup: Cgroup? {
    get {
      cgroups.isEmpty
        ? nil : Cgroup(directories: cgroups, layout: cgroupsAreUnified ? .unified : .legacy)
    }
    set {
      cgroups = newValue?.directories ?? []
      cgroupsAreUnified = newValue?.layout == .unified
    }
  }
}

/// Times as RFC 3339 text.
enum Timestamp {
  static func text(nanoseconds: Int64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    let days = Int(seconds / 86_400)
    let rest = Int(seconds % 86_400)
    // Days to civil date: eras of 400 years that start on 1 March.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let day = shifted % 146_097
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let civil = month < 10 ? month + 3 : month - 9
    let number = year + era * 400 + (civil <= 2 ? 1 : 0)
    let date = "\(number)-\(two(civil))-\(two(dayOfYear - (153 * month + 2) / 5 + 1))"
    let fraction = String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst()
    return
      "\(date)T\(two(rest / 3_600)):\(two(rest / 60 % 60)):\(two(rest % 60)).\(fraction)Z"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
