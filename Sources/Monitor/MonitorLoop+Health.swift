import Events
import LinuxSystem
import Model

extension MonitorLoop {
  /// A run of the container has begun.
  func startHealthChecks() {
    guard let order = healthOrder else { return }
    health = HealthState(order, startedAt: Clock.monotonic())
    // A container that a failed check has ended shall run for a while before the next one.
    if live.restarts > 0 { health?.postpone(Clock.monotonic()) }
    live.health = .starting
  }

  /// When the loop must look at the health again, by the monotonic clock.
  var healthDeadline: Int64? {
    phase == .running ? probe?.deadline ?? health?.next : nil
  }

  func checkHealthTimers(_ now: Int64) {
    if let probe {
      guard now >= probe.deadline else { return }
      // What is frozen cannot answer.
      if live.status == .running { probe.expire(now) } else { probe.deadline = now + timeout }
      return
    }
    guard let next = health?.next, now >= next else { return }
    guard live.status == .running else {
      health?.postpone(now)
      return
    }
    startProbe()
  }

  private var timeout: Int64 { health?.timeout ?? 0 }

  private func startProbe() {
    guard let health, probe == nil else { return }
    let file = health.isStartingUp ? HealthOrder.startupProcessFile : HealthOrder.processFile
    self.health?.begin()
    do throws(SystemError) {
      let probe = try HealthProbe(
        timeout: health.timeout, limit: health.outputLimit
      ) { descriptors throws(SystemError) in
        try start("\(order.bundle)/\(file)", descriptors)
      }
      self.probe = probe
      if let output = probe.output { try loop.add(output.raw, .readable, token: Token.probe) }
    } catch {
      guard probe == nil else { return }
      let now = Clock.realtime()
      took(.init(start: now, end: now, code: 125, output: "\(error)"))
    }
  }

  /// Starts the process that a document describes, with the runtime's call or, as soon as that is
  /// prepared, without.
  private func start(
    _ document: String, _ descriptors: [(child: Int32, ours: Int32)]
  ) throws(SystemError) -> HealthProbe.Start {
    if preparedProbe?.document != document {
      preparedProbe = (
        document, linkedRuntime?.prepare(order.runtimeArguments, document, order.id)
      )
      // What reading has taken is not needed again.
      trimTime = trimTime ?? Clock.monotonic() + Self.trimDelay
    }
    // One that fails, for want of processes say, is tried again at the next probe.
    if let child = preparedProbe?.start?(descriptors) { return .init(child: child, pidFile: nil) }
    let pidFile = "\(order.runDirectory)/health.pid"
    try FileTree.unlinkIfPresent(pidFile)
    var program = Program(
      order.runtime,
      order.runtimeArguments + ["exec", "--process", document, "--pid-file", pidFile, order.id])
    program.descriptors = descriptors
    return .init(child: try startRuntime(program), pidFile: pidFile)
  }

  /// Whether it was the probe that ended.
  func probeEnded(_ pid: Int32, _ end: ProcessEnd) -> Bool {
    guard let probe, pid == probe.pid else { return false }
    let entry = probe.entry(end, using: &buffer)
    self.probe = nil
    // A probe that ends with its container says nothing.
    if initEnd == nil && live.status == .running { took(entry) }
    return true
  }

  func readProbe() { probe?.read(using: &buffer) }

  private func took(_ entry: HealthRecord.Entry) {
    guard var health else { return }
    let before = health.record
    let verdict = health.take(entry, at: Clock.monotonic())
    self.health = health
    if health.record.status != before.status {
      if health.record.status == .healthy { notify?.healthy() }
      writeHealth(health.order.tellsEvents ? entry : nil)
    } else if health.order.tellsEvents {
      noteHealth(entry)
    }
    if let path = health.order.logFile {
      // A log that cannot be written is no reason to do anything to the container.
      try? FileTree.write(path, HealthLogFile.text(health.record))
    }
    answer(code: entry.code)
    switch verdict {
    case .none: return
    case .restart: restart()
    case .failed:
      switch health.order.onFailure {
      case .none: return
      case .kill: signalInit(SignalSet.kill)
      case .stop: stop(milliseconds: order.stopTimeout * 1_000)
      case .restart: restart()
      }
    }
  }

  private func restart() {
    guard !stopRequested else { return }
    stop(milliseconds: order.stopTimeout * 1_000)
    stopRequested = false
    restartRequested = true
  }

  /// The state has changed: readers and the next boot shall know it.
  private func writeHealth(_ entry: HealthRecord.Entry?) {
    guard let health else { return }
    live.health = health.record.status
    record(live.status)
    keepHealth()
    noteHealth(entry)
  }

  /// `entry`: the result that the event is to tell.
  private func noteHealth(_ entry: HealthRecord.Entry?) {
    guard let health else { return }
    var facts = [Event.Attribute(Event.health, health.record.status.rawValue)]
    if let entry { facts.append(.init(Event.healthLog, HealthLogFile.text(entry))) }
    note("health_status", facts)
  }

  private func keepHealth() {
    guard let health, let path = health.order.record else { return }
    // What the disk has no room for is in the live record.
    do throws(SystemError) {
      try FileTree.write("\(path).new", health.record.record.text)
      try FileTree.rename("\(path).new", to: path)
    } catch { return }
  }

  /// The container has ended: the last results are kept for `inspect`.
  func endHealthChecks() {
    preparedProbe = nil
    guard health != nil else { return }
    if probe != nil || !probeClients.isEmpty { health?.containerEnded() }
    live.health = health?.record.status
    if let probe {
      probe.expire(Clock.monotonic())
      probe.expire(Clock.monotonic())
    }
    keepHealth()
    answer(code: 1)
    health = nil
  }

  /// Another health check from now on, or none.
  func changeHealthChecks(_ changed: HealthOrder?) {
    healthOrder = changed
    preparedProbe = nil
    guard phase == .running else { return }
    let now = Clock.monotonic()
    guard let changed else { return stopHealthChecks() }
    if health != nil {
      health?.change(changed, isProbing: probe != nil, at: now)
      return
    }
    health = HealthState(changed, startedAt: now)
    live.health = .starting
    record(live.status)
  }

  private func stopHealthChecks() {
    guard let health else { return }
    if let probe {
      probe.expire(Clock.monotonic())
      probe.expire(Clock.monotonic())
    }
    answer(code: 1)
    self.health = nil
    live.health = nil
    record(live.status)
    // What is left of it is not read.
    if let path = health.order.record { _ = try? FileTree.unlinkIfPresent(path) }
  }

  // MARK: - Clients

  func obeyHealth(probing: Bool, from client: AttachClient) {
    guard health != nil, probing, live.status == .running else {
      report(to: client, code: 0)
      return
    }
    probeClients.append(client.token)
    startProbe()
  }

  private func answer(code: Int32) {
    let tokens = probeClients
    probeClients = []
    for client in clients where tokens.contains(client.token) { report(to: client, code: code) }
  }

  private func report(to client: AttachClient, code: Int32) {
    if let health { try? files.write("health", health.record.record.text) }
    client.send(.health(health?.record.status, code: code))
    updateWatch(client)
  }
}

/// `--health-log-destination DIRECTORY`: the results as podman writes them.
enum HealthLogFile {
  static func text(_ record: HealthRecord) -> String {
    let log = record.log.map { text($0) }.joined(separator: ",")
    return "{\"Status\":\"\(record.status.rawValue)\",\"FailingStreak\":\(record.failingStreak),"
      + "\"Log\":[\(log)]}\n"
  }

  /// One result.
  static func text(_ entry: HealthRecord.Entry) -> String {
    var bytes: [UInt8] = []
    var timestamp = LogTimestamp(utc: true)
    bytes.append("{\"Start\":\"")
    timestamp.append(entry.start, to: &bytes)
    bytes.append("\",\"End\":\"")
    timestamp.append(entry.end, to: &bytes)
    bytes.append("\",\"ExitCode\":\(entry.code),\"Output\":\"")
    LogRecordFormat.appendEscaped(Array(entry.output.utf8), to: &bytes)
    bytes.append("\"}")
    return String(decoding: bytes, as: UTF8.self)
  }
}
