import Events
import LinuxSystem
import Model

extension MonitorLoop {
  /// Tells the user's event log, if the order names one.
  func note(_ action: String, _ facts: [Event.Attribute] = []) {
    guard let notes = order.notes else { return }
    var event = Event(.container, action, time: Clock.realtime())
    event.id = order.id
    event.name = name
    event.image = notes.image
    event.attributes =
      facts
      + notes.labels.map { label in
        let (key, value) = label.cut(at: UInt8(ascii: "="))
        return Event.Attribute(String(key), String(value ?? ""))
      }
    EventLog(notes.directory).record(event)
  }
}
