import Cgroups
import LinuxSystem
import OCISpec

/// `pause` and `resume`: freezes and thaws all processes of a container.
public struct PauseContainer {
  public var id: String
  public var freezes: Bool
  public var context: RuntimeContext

  public init(_ id: String, freezes: Bool, context: RuntimeContext) {
    self.id = id
    self.freezes = freezes
    self.context = context
  }

  public func run() throws(RuntimeError) {
    let id = try ContainerID(id)
    let record = try context.states.load(id)
    let status = record.status(in: context.states)
    let needed: RuntimeState.Status = freezes ? .running : .paused
    guard status == needed || (freezes && status == .created) else {
      throw .wrongState(id: id.text, status: status.rawValue, needed: needed.rawValue)
    }
    guard let cgroup = record.cgroup, cgroup.canFreeze else {
      throw .unusable(
        field: "container `\(id)`",
        "it has no cgroup of its own, so it cannot be \(freezes ? "paused" : "resumed")")
    }
    try during("\(freezes ? "pause" : "resume") `\(id)`") { () throws(SystemError) in
      try cgroup.setFrozen(freezes)
    }
  }
}
