extension MonitorOrder {
  public var record: LineRecord {
    var record = LineRecord()
    record.append("id", id)
    record.append("name", name)
    record.append("runtime", runtime)
    for argument in runtimeArguments { record.append("runtime-arg", argument) }
    record.append("runtime-linked", "\(runtimeIsLinked)")
    record["begun-run"] = begunRun.map { "\($0)" }
    record.append("bundle", bundle)
    record.append("run-dir", runDirectory)
    record["exit-record"] = exitRecord
    record.append("log-driver", log.driver.rawValue)
    record.append("log-path", log.path)
    record["log-max-size"] = log.maximumSize.map { "\($0)" }
    record.append("log-max-files", "\(log.maximumFiles)")
    for field in log.fields { record.append("log-field", field) }
    record["log-attributes"] = log.attributes
    record.append("terminal", "\(terminal)")
    record.append("stdin", keepsStandardInput ? "open" : "closed")
    record.append("stdin-once", "\(standardInputOnce)")
    record.append("attach", "\(attached.rawValue)")
    if let windowSize {
      record.append("rows", "\(windowSize.rows)")
      record.append("columns", "\(windowSize.columns)")
    }
    record.append("start", startsNow ? "now" : "wait")
    network?.write(to: &record)
    if let notes {
      record.append("event-log", notes.directory)
      record.append("event-image", notes.image)
      for label in notes.labels { record.append("event-label", label) }
    }
    removal?.write(to: &record)
    for argument in afterExit { record.append("after-exit", argument) }
    record.append("stop-signal", "\(stopSignal)")
    record.append("stop-timeout", "\(stopTimeout)")
    record["timeout"] = timeout.map { "\($0)" }
    record.append("restart", restart.description)
    record.append("restart-delay", "\(restartDelay)")
    record.append("restarts", "\(restarts)")
    record.append("preserve-fds", "\(preservedDescriptors)")
    record["pid-file"] = pidFile
    record["monitor-pid-file"] = monitorPidFile
    health?.write(to: &record)
    notify?.write(to: &record)
    for user in allowedUsers { record.append("allowed-user", "\(user)") }
    return record
  }

  /// Nil when a field that every order has is missing, or one says what no order can say.
  public init?(_ record: LineRecord) {
    guard let id = record["id"], let runtime = record["runtime"], let bundle = record["bundle"],
      let runDirectory = record["run-dir"],
      let driver = record["log-driver"].flatMap(LogDriver.init(rawValue:)),
      let restart = RestartPolicy(record["restart"] ?? "no")
    else { return nil }
    self.init(id: id, runtime: runtime, bundle: bundle, runDirectory: runDirectory)
    name = record["name"] ?? ""
    runtimeArguments = record.all("runtime-arg")
    runtimeIsLinked = record.flag("runtime-linked")
    begunRun = record.integer("begun-run").map { Int32(clamping: $0) }
    exitRecord = record["exit-record"]
    log = Log(
      driver: driver, path: record["log-path"] ?? "",
      maximumSize: record.integer("log-max-size"),
      maximumFiles: max(1, Int(record.integer("log-max-files") ?? 1)))
    log.fields = record.all("log-field")
    log.attributes = record["log-attributes"]
    terminal = record.flag("terminal")
    keepsStandardInput = record["stdin"] == "open"
    standardInputOnce = record.flag("stdin-once")
    attached = AttachStreams(rawValue: UInt8(clamping: record.integer("attach") ?? 0))
    if let rows = record.integer("rows"), let columns = record.integer("columns") {
      windowSize = WindowSize(rows: UInt16(clamping: rows), columns: UInt16(clamping: columns))
    }
    startsNow = record["start"] != "wait"
    network = NetworkHelperOrder(record)
    notes = record["event-log"].map {
      Notes(
        directory: $0, image: record["event-image"] ?? "", labels: record.all("event-label"))
    }
    removal = RemovalOrder(record)
    afterExit = record.all("after-exit")
    stopSignal = Int32(clamping: record.integer("stop-signal") ?? 15)
    stopTimeout = record.integer("stop-timeout") ?? 10
    timeout = record.integer("timeout")
    self.restart = restart
    restartDelay = record.integer("restart-delay") ?? 100
    restarts = Int(record.integer("restarts") ?? 0)
    pidFile = record["pid-file"]
    monitorPidFile = record["monitor-pid-file"]
    preservedDescriptors = Int(record.integer("preserve-fds") ?? 0)
    health = HealthOrder(record)
    notify = NotifyOrder(record)
    allowedUsers = record.all("allowed-user").compactMap { UInt32($0) }
  }
}

extension NetworkHelperOrder {
  func write(to record: inout LineRecord) {
    for argument in arguments { record.append("network-helper", argument) }
    switch readiness {
    case .exit: record.append("network-ready", "exit")
    case .descriptor(let number): record.append("network-ready", "\(number)")
    }
    record["network-exit-fd"] = exitDescriptor.map { "\($0)" }
    record["network-api-socket"] = apiSocket
    for request in requests { record.append("network-request", request) }
  }

  init?(_ record: LineRecord) {
    let arguments = record.all("network-helper")
    if arguments.isEmpty { return nil }
    self.init(
      arguments: arguments,
      readiness: record.integer("network-ready").map { .descriptor(Int32(clamping: $0)) } ?? .exit,
      exitDescriptor: record.integer("network-exit-fd").map { Int32(clamping: $0) },
      apiSocket: record["network-api-socket"],
      requests: record.all("network-request"))
  }
}
