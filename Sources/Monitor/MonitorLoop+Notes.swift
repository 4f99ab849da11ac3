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
        guard let equals = label.firstIndex(of: "=") else { return Event.Attribute(label, "") }
        return Event.Attribute(
          String(label[..<equals]), String(label[label.index(after: equals)...]))
      }
    EventLog(notes.directory).record(event)
  }
}
