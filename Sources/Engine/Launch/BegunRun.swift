import LinuxSystem
import Model
import OCIRuntime
import OCISpec

/// The first call of our own runtime, made beside the start of the monitor's program.
///
/// A child of this process, which becomes the monitor: it makes the container up to its program, and
/// waits there for the monitor's word, which comes when all else is ready, the network too
/// (`MonitorOrder.begunRun`). The configuration is in memory, so that it need not be read again, and may
/// still be on its way to the bundle.
struct BegunRun {
  let pid: Int32
  /// What the monitor has of it.
  let descriptors: [(child: Int32, ours: Int32)]

  /// Whether the monitor's first call of the runtime can be made before it is there.
  static func isPossible(_ order: MonitorOrder, _ runtime: RuntimeProgram) -> Bool {
    order.startsNow && !order.terminal && runtime.isLinked && !order.log.driver.passesStreams
  }

  /// Begins it; the bundle's directory must be there.
  ///
  /// `namespaces`: ours that the container joins, with their numbers in the monitor, by which the
  /// configuration has them.
  init(
    _ order: MonitorOrder, _ spec: RuntimeSpec, namespaces: [(child: Int32, ours: Int32)],
    environment: [String], _ context: EngineContext
  ) throws {
    // As the monitor's children: not in our caller's session, and their orphans are ours.
    try CurrentProcess.startSession()
    try CurrentProcess.becomeSubreaper()
    var program = Program(order.runtime, environment: environment)
    program.workingDirectory = "/"
    var ends = Ends()
    if order.keepsStandardInput {
      program.descriptors = [(0, try ends.add(MonitorOrder.inputDescriptor, writes: true))]
    } else {
      program.descriptors = [(0, try OwnedDescriptor.open("/dev/null").release())]
    }
    let first = 3 + Int32(order.preservedDescriptors)
    program.descriptors += (3..<first).map { ($0, $0) }
    program.descriptors += [
      (1, try ends.add(MonitorOrder.outputDescriptor)),
      (2, try ends.add(MonitorOrder.errorDescriptor)),
      (first, try ends.add(MonitorOrder.messageDescriptor)),
      (first + 1, try ends.add(MonitorOrder.gateDescriptor, writes: true)),
      (first + 2, try ends.addCounter(MonitorOrder.startedDescriptor)),
    ]
    let given = program.descriptors
    var spec = spec
    for (index, namespace) in namespaces.enumerated() {
      let number = first + 3 + Int32(index)
      program.descriptors.append((number, namespace.ours))
      let path = MonitorOrder.path(of: namespace.child, in: CurrentProcess.id)
      for entry in (spec.linux?.namespaces ?? []).indices
      where spec.linux?.namespaces[entry].path == path {
        // The monitor may have the number by then, or not.
        spec.linux?.namespaces[entry].path = "/proc/self/fd/\(number)"
      }
    }
    var runtime = RuntimeContext()
    runtime.root = context.runtimeState
    var create = OCIRuntime.CreateContainer(order.id, context: runtime)
    create.bundle = order.bundle
    create.spec = spec
    create.pidFile = order.initPidFile
    create.preservedDescriptors = Int32(order.preservedDescriptors)
    create.gate = first + 1
    var run = RunContainer(create)
    run.detach = true
    run.started = first + 2
    pid = try program.start { RuntimeCommandLine.run(run, log: "/dev/fd/\(first)") }.pid
    // Much is left to be done on both sides.
    ProcessAttributes.stepAside(for: pid)
    for (_, theirs) in given where !(3..<first).contains(theirs) {
      Descriptor.close(theirs)
    }
    descriptors = ends.ours
  }

  /// Ends it, when there will be no monitor, and waits until it has taken back what it made.
  func abandon() {
    for (_, fd) in descriptors { Descriptor.close(fd) }
    _ = try? ChildProcess.reap(pid)
  }

  /// Our ends of its pipes, under their numbers in the monitor.
  private struct Ends {
    var ours: [(child: Int32, ours: Int32)] = []

    /// A pipe of which the monitor writes or reads one end; the other is returned.
    mutating func add(_ number: Int32, writes: Bool = false) throws(SystemError) -> Int32 {
      let (readEnd, writeEnd) = try OwnedDescriptor.pipe().split { ($0.release(), $1.release()) }
      ours.append((number, writes ? writeEnd : readEnd))
      return writes ? readEnd : writeEnd
    }

    /// An event counter, of which both have a descriptor.
    ///
    /// Whoever is woken by one is given an idle processor; a pipe's reader waits for its writer's.
    mutating func addCounter(_ number: Int32) throws(SystemError) -> Int32 {
      let counter = try OwnedDescriptor.eventCounter()
      ours.append((number, try counter.duplicate().release()))
      return counter.release()
    }
  }
}
