import Events
import LinuxSystem
import Model
import StateStore

/// Telling the user's event log what was done.
extension EngineContext {
  var eventDirectory: String { "\(directories.data)/events" }

  /// Where events go, as the monitor is told; nil when nobody is to be told.
  var eventPlace: String? {
    switch usedEventsBackend {
    case .file: eventDirectory
    case .journald: EventLog.journalPlace(eventDirectory)
    case .none: nil
    }
  }

  /// What a command that is run later needs to write events to the same place; it need not look for it.
  var eventArguments: [String] {
    ["--events-backend", usedEventsBackend.rawValue]
  }

  private func record(_ event: Event) {
    if let eventPlace { EventLog(eventPlace).record(event) }
  }

  /// Something happened to a container; `facts` come before its labels.
  func note(
    _ action: String, _ config: ContainerConfig, exitCode: Int32? = nil,
    facts: KeyValuePairs<String, String> = [:]
  ) {
    var event = Event(.container, action, time: Clock.realtime())
    event.id = config.id
    event.name = config.name
    event.image = config.image?.name ?? config.rootfs ?? ""
    if let exitCode { event.attributes.append(.init(Event.exitCode, "\(exitCode)")) }
    for (key, value) in facts { event.attributes.append(.init(key, value)) }
    for (key, value) in config.labels.sorted(by: { $0.key < $1.key }) {
      event.attributes.append(.init(key, value))
    }
    record(event)
  }

  /// Something happened to an image; `failure`: what went wrong.
  func note(image action: String, id: String, name: String, failure: String? = nil) {
    var event = Event(.image, action, time: Clock.realtime())
    if let failure { event.attributes.append(.init(Event.error, failure)) }
    event.id = id
    event.name = name
    record(event)
  }

  /// Something happened to a volume.
  func note(volume action: String, name: String) {
    var event = Event(.volume, action, time: Clock.realtime())
    event.name = name
    record(event)
  }
}
