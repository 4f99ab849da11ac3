import LinuxSystem
import Model

extension MonitorLoop {
  /// Runs the runtime to its end while everything else goes on.
  ///
  /// `isProtected`: for a command in which a container's process begins (`Program.isProtected`).
  func callRuntime(
    _ arguments: [String], descriptors: [(child: Int32, ours: Int32)], isProtected: Bool = false
  ) throws(MonitorError) -> ProcessEnd {
    var program = Program(order.runtime, order.runtimeArguments + arguments)
    let null = try step("open /dev/null") { () throws(SystemError) in
      try OwnedDescriptor.open("/dev/null", [.readWrite])
    }
    program.isProtected = isProtected
    program.descriptors = descriptors
    if !order.log.driver.passesStreams {
      for child: Int32 in 0...2 where !descriptors.contains(where: { $0.child == child }) {
        program.descriptors.append((child, null.raw))
      }
    }
    runtimeEnd = nil
    runtimePid = try step("run the runtime") { () throws(SystemError) in try program.start().pid }
    updateStreamWatches()
    try pump { runtimeEnd != nil }
    return runtimeEnd ?? .exited(0)
  }

  /// Runs a command on the container whose failure changes nothing any more.
  func callQuietly(_ arguments: [String]) {
    _ = try? callRuntime(arguments + [order.id], descriptors: [])
  }

  func runtimeFailure(_ doing: String, _ end: ProcessEnd, text: [UInt8]) -> MonitorError {
    .runtime(
      RuntimeFailure.report(
        doing: doing, runtime: order.runtime, end: end, text: String(decoding: text, as: UTF8.self))
    )
  }

  /// Reads what the failed runtime left in its error pipe.
  func drainErrorText() {
    while streams.errors != nil && errorText.count < Self.errorTextLimit {
      let before = errorText.count
      relay(.standardError)
      if errorText.count == before { return }
    }
  }

  /// The runtime's error pipe of a container with a terminal has done its work.
  func markErrorsClosed() {
    drainErrorText()
    streams.close(.standardError)
    watchedOutputs.errors = false
  }
}
