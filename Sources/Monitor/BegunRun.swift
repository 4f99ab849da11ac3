import LinuxSystem
import Model

/// The runtime's first `run`, which was begun before the monitor's program (`MonitorOrder.begunRun`).
final class BegunRun {
  let pid: Int32
  /// What the runtime says.
  let messages: HeldDescriptor
  /// Becomes readable when the program has begun.
  let started: HeldDescriptor
  private var gate: HeldDescriptor?

  /// Takes over the descriptors of the contract; nil when nothing was begun.
  init?(_ order: MonitorOrder) {
    guard let pid = order.begunRun else { return nil }
    self.pid = pid
    messages = HeldDescriptor(OwnedDescriptor(owning: MonitorOrder.messageDescriptor))
    started = HeldDescriptor(OwnedDescriptor(owning: MonitorOrder.startedDescriptor))
    gate = HeldDescriptor(OwnedDescriptor(owning: MonitorOrder.gateDescriptor))
  }

  /// Lets the container's program begin, now that everything else is made.
  func openGate() {
    // One that has failed already says so by its end.
    if let gate { try? Descriptor.writeAll(gate.raw, [1]) }
    gate = nil
  }

  /// Ends it: there will be no program.
  func closeGate() { gate = nil }

  /// Ends one whose monitor cannot be, and waits until it has taken back what it made.
  static func abandon(_ pid: Int32) {
    Descriptor.close(MonitorOrder.gateDescriptor)
    _ = try? ChildProcess.reap(pid)
  }
}
