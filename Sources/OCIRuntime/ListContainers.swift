import LinuxSystem
import Model
public import OCISpec

/// `state` and `list`.
public struct ListContainers {
  public var context: RuntimeContext

  public init(context: RuntimeContext) { self.context = context }

  /// Callers ask until there is an answer and then `start` the container, so one that is still being
  /// made has none, as with other runtimes.
  public func state(of id: String) throws(RuntimeError) -> RuntimeState {
    let id = try ContainerID(id)
    let states = context.states
    let record = try states.load(id)
    let status = record.status(in: states)
    guard status != .creating else {
      throw .wrongState(id: id.text, status: status.rawValue, needed: "created")
    }
    return record.stateWithOwner(status)
  }

  /// Those whose records can be read; one that goes away meanwhile is left out.
  public func all() throws(RuntimeError) -> [RuntimeState] {
    var found: [RuntimeState] = []
    for id in try context.states.list() {
      do throws(RuntimeError) {
        guard let record = try context.states.find(id) else { continue }
        found.append(record.stateWithOwner(record.status(in: context.states)))
      } catch {
        if case .noContainer = error { continue }
        context.warn(error.report.message)
      }
    }
    return found
  }
}
