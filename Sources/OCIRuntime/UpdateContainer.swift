import Cgroups
import LinuxSystem
public import OCISpec

/// `update`: changes the limits of a living container.
public struct UpdateContainer {
  public var id: String
  public var resources: RuntimeResources
  public var context: RuntimeContext

  public init(_ id: String, _ resources: RuntimeResources, context: RuntimeContext) {
    self.id = id
    self.resources = resources
    self.context = context
  }

  public func run() throws(RuntimeError) {
    let id = try ContainerID(id)
    let record = try context.states.load(id)
    guard record.isAlive else {
      throw .wrongState(id: id.text, status: "stopped", needed: "running")
    }
    guard let cgroup = record.cgroup else {
      throw .unusable(
        field: "container `\(id)`", "it has no cgroup of its own, so it has no limits to change")
    }
    do throws(CgroupError) {
      if let scope = record.systemdScope {
        try SystemdCgroupManager.update(scope, resources)
        try cgroup.apply(resources, enabling: SystemdCgroupManager.unmanaged)
      } else {
        try cgroup.apply(resources)
      }
      try cgroup.confineDevices(resources.devices, replacing: true)
    } catch { throw .reported(error.report) }
  }

  /// The limits in a JSON document of the shape of `linux.resources`.
  public static func read(_ bytes: [UInt8], file: String) throws(RuntimeError)
    -> RuntimeResources
  {
    do { return try RuntimeResources(parsing: bytes) } catch {
      throw .badDocument(file: file, error)
    }
  }
}
