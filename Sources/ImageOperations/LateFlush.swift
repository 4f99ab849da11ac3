import ImageStore
import LinuxSystem

/// Makes a copy of an image durable after it has come into use: a flush waits for everybody's data.
final class LateFlush {
  /// Opened before anything was written: the flush reports what failed from then on.
  private let place: OwnedDescriptor
  private let mark: OwnedDescriptor

  init(of copy: String) throws(SystemError) {
    place = try OwnedDescriptor.open(copy, [.directory])
    mark = try MappedMark(copy).make()
  }

  /// Flushes at once where nobody could tell later whether the machine has been down.
  func finishWithoutBootID() throws(SystemError) {
    if BootID.current.isEmpty { try finish() }
  }

  /// Flushes in a process of its own that nobody waits for and that keeps nothing open but the copy.
  ///
  /// The caller has one thread, and ends before long. Should it not come to the end, the copy is made
  /// again after a power cut or a reboot, as after a flush that failed.
  func detach() throws(SystemError) {
    let kept = [place.raw, mark.raw]
    _ = try ChildProcess.spawn {
      do throws(SystemError) {
        try CurrentProcess.startSession()
        try Descriptor.closeAll(from: 0, except: kept)
        try CurrentProcess.changeDirectory("/")
        try finish()
        return 0
      } catch { return 1 }
    }
  }

  private func finish() throws(SystemError) {
    try OpenFile.syncFilesystem(place.raw)
    try MappedMark.confirm(mark)
  }
}
