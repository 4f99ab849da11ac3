import LinuxSystem
import Model

/// The life of a monitor process: its order, the loop, and what it becomes at the end.
public enum MonitorProgram {
  /// Reads the order from its descriptor and does it.
  ///
  /// The calling process must have one thread; it never returns. `runtime`: for orders that let it
  /// be called without a program.
  public static func run(runtime: LinkedRuntime) -> Never {
    let hasSync = Descriptor.isOpen(MonitorOrder.syncDescriptor)
    let order: MonitorOrder
    var begun: Int32?
    do throws(MonitorError) {
      try prepareProcess()
      order = try readOrder()
      begun = order.begunRun
      try step("close what is not ours") { () throws(SystemError) in try closeStrays(order) }
      if !order.log.driver.passesStreams {
        try step("leave the terminal") { () throws(SystemError) in try detachStandardStreams() }
      }
      let loop = try MonitorLoop(
        order, sync: hasSync ? MonitorOrder.syncDescriptor : nil, linkedRuntime: runtime)
      loop.run()
      if loop.removeContainer() { CurrentProcess.exitNow(0) }
    } catch {
      if let begun { BegunRun.abandon(begun) }
      if hasSync { tell(error) }
      CurrentProcess.exitNow(125)
    }
    finish(order)
  }

  private static func prepareProcess() throws(MonitorError) {
    // Failure is fine: whoever started it may have made the session already.
    try? CurrentProcess.startSession()
    CurrentProcess.setUmask(0o022)
    try step("prepare the monitor") { () throws(SystemError) in
      try CurrentProcess.becomeSubreaper()
      try CurrentProcess.changeDirectory("/")
      for fd in MonitorOrder.syncDescriptor..<MonitorOrder.firstPreservedDescriptor
      where Descriptor.isOpen(fd) {
        try Descriptor.setInheritable(fd, false)
      }
    }
  }

  private static func readOrder() throws(MonitorError) -> MonitorOrder {
    let input = OwnedDescriptor(owning: MonitorOrder.orderDescriptor)
    let bytes = try step("read the order") { () throws(SystemError) in
      try Descriptor.readAll(input.raw, limit: 1 << 20)
    }
    guard let record = LineRecord(parsing: bytes) else { throw .badOrder("it is torn") }
    guard let order = MonitorOrder(record) else { throw .badOrder("a field is missing or wrong") }
    return order
  }

  /// A descriptor that the caller let slip would stay open for the container's life.
  private static func closeStrays(_ order: MonitorOrder) throws(SystemError) {
    let first = MonitorOrder.firstPreservedDescriptor
    let last =
      order.begunRun == nil ? MonitorOrder.userDescriptor : MonitorOrder.inputDescriptor
    try Descriptor.closeAll(from: last + 1, to: first - 1)
    try Descriptor.closeAll(from: first + Int32(order.preservedDescriptors))
  }

  /// A monitor that keeps the caller's streams open would keep its pipeline and login waiting.
  private static func detachStandardStreams() throws(SystemError) {
    let null = try OwnedDescriptor.open("/dev/null", [.readWrite])
    for fd: Int32 in 0...2 { try Descriptor.replace(fd, with: null.raw) }
  }

  /// Nothing could be set up: the failure goes straight to the sync socket.
  private static func tell(_ error: MonitorError) {
    for frame in [AttachFrame.failure(error.report), .exit(.init(code: error.exitCode))] {
      // Nobody may be there to hear it.
      _ = try? UnixSocket.sendNow(MonitorOrder.syncDescriptor, frame.bytes)
    }
  }

  /// Becomes the order's last program, which inherits the lock (descriptor 5), or ends.
  private static func finish(_ order: MonitorOrder) -> Never {
    guard let path = order.afterExit.first else { CurrentProcess.exitNow(0) }
    do throws(SystemError) {
      try SignalSet.resetAll()
      if Descriptor.isOpen(MonitorOrder.lockDescriptor) {
        try Descriptor.setInheritable(MonitorOrder.lockDescriptor, true)
      }
      try Program(path, Array(order.afterExit.dropFirst())).exec()
    } catch {
      CurrentProcess.exitNow(125)
    }
  }
}
