import LinuxSystem
import Model

/// A connection to a running container's monitor.
struct MonitorSocket: ~Copyable {
  let socket: OwnedDescriptor

  /// Nil when no monitor listens (any more).
  static func connect(_ liveDirectory: String) throws(SystemError) -> MonitorSocket? {
    do throws(SystemError) {
      let directory = try OwnedDescriptor.open(liveDirectory, [.path, .directory])
      return MonitorSocket(socket: try UnixSocket.connect(directory: directory.raw, name: "attach"))
    } catch {
      if [Errno.noEntry, Errno.connectionRefused, Errno.notDirectory].contains(error.errno) {
        return nil
      }
      throw error
    }
  }

  /// The monitor of a container that is set up but does not run; also one whose command was killed,
  /// and which is on its way.
  ///
  /// Nil when the container is in another state, or comes to be.
  static func settingUp(_ id: String, _ store: ContainerStore) throws -> MonitorSocket? {
    // Its socket may not be there yet; whatever becomes of it changes the state.
    while try StatusReader(store).read(id) == .initialized {
      if let monitor = try connect(store.liveDirectory(id)) { return monitor }
      try Clock.pause(milliseconds: 2)
    }
    return nil
  }

  /// One to a monitor that has just gone is lost without a word: reading tells.
  func send(_ frame: AttachFrame) throws(SystemError) {
    do throws(SystemError) { try UnixSocket.sendAll(socket.raw, frame.bytes) } catch {
      guard [Errno.brokenPipe, Errno.connectionReset].contains(error.errno) else { throw error }
    }
  }

  /// Reads until a frame is accepted by `body`; nil at the end of the connection.
  func first<Result>(_ body: (AttachFrame) -> Result?) throws(SystemError) -> Result? {
    var reader = AttachFrameReader()
    while true {
      while let frame = reader.next() {
        if let result = body(frame) { return result }
      }
      let bytes: [UInt8]
      do throws(SystemError) { bytes = try Descriptor.read(socket.raw, upTo: 32_768) } catch {
        if error.errno == Errno.connectionReset { return nil }
        throw error
      }
      if bytes.isEmpty || reader.isBroken { return nil }
      reader.append(bytes)
    }
  }
}
