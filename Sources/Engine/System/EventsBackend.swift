public import Model
import RegistryConfig

/// Where events are kept.
public enum EventsBackend: String, Sendable, CaseIterable {
  case file, journald, none

  /// - Throws: when there is no such place.
  public init(parsing text: String) throws(ErrorReport) {
    guard let backend = Self(rawValue: text) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw ErrorReport(
        .invalidRequest, "events backend \"\(text)\" is not known", hint: "use one of: \(names)")
    }
    self = backend
  }
}

extension EngineContext {
  /// What the command line, else containers.conf (`events_logger`) says; a file when nobody does.
  ///
  /// - Throws: when the file cannot be read or names another place.
  public func eventsBackend() throws(ErrorReport) -> EventsBackend {
    if let chosenEvents { return chosenEvents }
    let text = try containersConfig().text("engine", "events_logger")
    guard let text else { return .file }
    return try EventsBackend(parsing: text)
  }

  /// The same where nothing may fail: what happened has happened, and a bad configuration is reported
  /// by those who read events.
  public var usedEventsBackend: EventsBackend { (try? eventsBackend()) ?? .file }
}
