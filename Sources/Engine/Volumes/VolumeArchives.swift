import ImageStore
import LinuxSystem
import Model
import StateStore

/// `volume export` and `volume import`, and mounting for `unshare`.
public struct VolumeArchives {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Writes a tar archive of a volume to `path`, or to standard output when nil.
  public func export(_ volume: Volume, to path: String?) throws {
    let tree = place(volume)
    guard let path else { return try send(tree, volume, to: nil) }
    let output: OwnedDescriptor
    do throws(SystemError) {
      output = try OwnedDescriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644)
    } catch {
      throw ErrorReport(.unavailable, "cannot write \(path): \(error.reason)")
    }
    try send(tree, volume, to: output.raw)
  }

  private func send(_ tree: TreePlace, _ volume: Volume, to output: Int32?) throws {
    _ = try HelperClient(context).run(output: output) {
      try mount(volume)
      return .export(ExportRequest(tree: tree))
    }
  }

  /// Unpacks a tar archive, compressed or not, into a volume: a file, or standard input for nil.
  ///
  /// What the volume has and the archive lacks stays.
  public func unpack(_ path: String?, into volume: Volume) throws {
    if VolumeMount(volume.options).map({ if case .tmpfs = $0 { true } else { false } }) == true {
      throw ErrorReport(
        .invalidRequest, "volume \(volume.name) is a tmpfs: its files go with each container")
    }
    var request = CopyRequest(source: nil, target: place(volume))
    request.overwrites = true
    guard let path else {
      _ = try HelperClient(context).run {
        try mount(volume)
        return .copy(request)
      }
      return
    }
    let input: OwnedDescriptor
    do throws(SystemError) { input = try OwnedDescriptor.open(path) } catch {
      throw ErrorReport(.notFound, "\(path): \(error.reason)")
    }
    _ = try HelperClient(context).run(input: input.raw) {
      try mount(volume)
      return .copy(request)
    }
  }

  private func place(_ volume: Volume) -> TreePlace {
    TreePlace(
      root: VolumeStore(context).mountPoint(volume.name), path: "/", owner: "volume \(volume.name)")
  }

  /// In the helper's process: what a volume with options stands for.
  private func mount(_ volume: Volume) throws {
    let place = VolumeStore(context).mountPoint(volume.name)
    try VolumeMount(volume.options)?.mount(at: place, named: volume.name)
  }

  /// Mounts a volume for the commands of an `unshare`, which end with it.
  ///
  /// - Returns: where its files are.
  public func mountHere(_ volume: Volume) throws -> String {
    try refuseOutside("volume mount")
    let place = VolumeStore(context).mountPoint(volume.name)
    if let mount = VolumeMount(volume.options), try !isMounted(place) {
      try mount.mount(at: place, named: volume.name)
    }
    return place
  }

  /// Undoes `mountHere`; a volume that is not mounted stays so.
  public func unmountHere(_ volume: Volume) throws {
    try refuseOutside("volume unmount")
    let place = VolumeStore(context).mountPoint(volume.name)
    if VolumeMount(volume.options) != nil, try isMounted(place) { try MountCall.detach(place) }
  }

  private func refuseOutside(_ command: String) throws(ErrorReport) {
    guard context.uid == 0 else {
      throw CalledName.current.refusal(
        of: command, hint: "martlet unshare sh -c 'martlet \(command) NAME && ...'")
    }
  }

  private func isMounted(_ path: String) throws -> Bool {
    try MountEntry.list().contains { $0.place == path }
  }
}
