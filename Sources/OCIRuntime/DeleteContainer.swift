import Cgroups
import LinuxSystem
import Model
import OCISpec

/// `delete`: removes what a stopped container left.
public struct DeleteContainer {
  public var id: String
  /// Kills a running one first; a missing one is fine.
  public var force = false
  public var context: RuntimeContext

  public init(_ id: String, context: RuntimeContext) {
    self.id = id
    self.context = context
  }

  public func run() throws(RuntimeError) {
    let id = try ContainerID(id)
    let states = context.states
    let record: StateRecord?
    do throws(RuntimeError) {
      record = try states.find(id)
    } catch {
      if case .noContainer = error, force { return }
      // A damaged record must not keep the name for ever.
      guard case .badDocument = error, force else { throw error }
      return try states.remove(id)
    }
    guard let record else {
      // Half made: its maker has gone, or `--force` says so.
      guard force else {
        throw .wrongState(id: id.text, status: "creating", needed: "stopped")
      }
      return try states.remove(id)
    }
    let status = record.status(in: states)
    guard status == .stopped || force || status == .created else {
      throw .wrongState(id: id.text, status: status.rawValue, needed: "stopped")
    }
    if status != .stopped && status != .creating { try end(record) }
    try clean(record, id)
  }

  private func end(_ record: StateRecord) throws(RuntimeError) {
    try during("kill `\(record.id)`") { () throws(SystemError) in
      guard let process = try ProcessHandle.find(record.pid), record.isAlive else { return }
      if let cgroup = record.cgroup, cgroup.isFrozen { try cgroup.setFrozen(false) }
      try process.kill(9)
      guard try process.waitForEnd(milliseconds: 10_000) else {
        throw SystemError("kill", "\(record.pid)", errno: Errno.busy)
      }
    }
  }

  /// What is left of a container whose process has gone.
  func clean(_ record: StateRecord, _ id: ContainerID) throws(RuntimeError) {
    if let scope = record.systemdScope {
      // Not by systemd: it asks nicely first and waits long.
      try? record.cgroup?.killAll(9)
      // A manager that has gone took its units with it, or leaves their directories to us.
      do throws(CgroupError) { try SystemdCgroupManager.stop(scope) } catch {
        context.warn(error.report.message)
      }
    }
    if let cgroup = record.cgroup {
      try during("remove the cgroup of `\(id)`") { () throws(SystemError) in
        try removeCgroup(cgroup)
      }
    }
    if let group = record.resourceGroup {
      try during("remove the resource group of `\(id)`") { () throws(SystemError) in
        try ResourceGroup.remove(group)
      }
    }
    // After a reboot there is nothing to unmount, and the ids are others'.
    if record.boot == BootID.current { try record.sharedMount?.detach() }
    try context.states.remove(id)
    guard record.hasHooks else { return }
    do throws(RuntimeError) {
      let spec = try context.loadSpec(record)
      HookRunner(state: record.state(.stopped)).attempt(
        spec.hooks?.poststop ?? [], "poststop", warn: context.warn)
    } catch {
      // The container is gone either way (runtime.md#lifecycle).
      context.warn(error.report.message)
    }
  }

  /// Processes that outlived the first one (no pid namespace) end here; the kernel needs a moment
  /// until their cgroup is empty.
  private func removeCgroup(_ cgroup: Cgroup) throws(SystemError) {
    for attempt in 0..<200 {
      do throws(SystemError) { return try cgroup.remove() } catch {
        guard error.errno == Errno.busy, attempt < 199 else { throw error }
      }
      try cgroup.killAll(9)
      let pipe = try OwnedDescriptor.pipe()
      _ = try Descriptor.waitReadable(pipe.readEnd.raw, milliseconds: 5)
    }
  }
}
