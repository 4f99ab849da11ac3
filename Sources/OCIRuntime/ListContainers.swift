import LinuxSystem
import Model
public import OCISpec

/// `state` and `list`.
public struct ListContainers {
  public var context: RuntimeContext

  public init(context: RuntimeContext) { self.context = context }

  public func state(of id: String) throws(RuntimeError) -> RuntimeState {
    let id = try ContainerID(id)
    let states = context.states
    guard let record = try states.find(id) else {
      var state = RuntimeState()
      state.id = id.text
      return state
    }
    return record.state(record.status(in: states))
  }

  /// Those whose records can be read; one that goes away meanwhile is left out.
  public func all() throws(RuntimeError) -> [RuntimeState] {
    var found: [RuntimeState] = []
    for id in try context.states.list() {
      do throws(RuntimeError) {
        guard let record = try context.states.find(id) else { continue }
        found.append(record.state(record.status(in: context.states)))
      } catch {
        if case .noContainer = error { continue }
        context.warn(error.report.message)
      }
    }
    return found
  }
}
