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
  /// A directory of resctrl that goes with the container.
  var resourceGroup: String?
  /// The root's mount when it is in a namespace of others'.
  var sharedMount: SharedMount?
  /// The configuration's file when it is not the bundle's config.json.
  var config: String?

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
    try fields.optional("config", &config)
    try fields.optional("resourceGroup", &resourceGroup)
    try fields.optional("sharedMount", &sharedMount)
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
