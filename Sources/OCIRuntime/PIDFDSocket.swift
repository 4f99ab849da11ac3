import LinuxSystem

/// `--pidfd-socket`: the way of a process's pidfd to whoever watches it, as runc(8) has it.
struct PIDFDSocket {
  /// The message that goes with the descriptor.
  enum Origin: String {
    case created = "standard"
    case executed = "setns"
  }

  let socket: Int32

  /// Nil without a path.
  init?(_ path: String?) throws(RuntimeError) {
    guard let path else { return nil }
    socket = try during("connect to the pidfd socket \(path)") { () throws(SystemError) in
      try UnixSocket.connect(path: path)
    }.release()
  }

  /// Sends it, once, and closes the connection.
  func send(_ pidfd: Int32, _ origin: Origin) throws(RuntimeError) {
    defer { Descriptor.close(socket) }
    try during("send the pidfd") { () throws(SystemError) in
      try UnixSocket.send(socket, Array(origin.rawValue.utf8), descriptors: [pidfd])
    }
  }

  /// Sends the one of a child that has not been waited for.
  static func send(_ pid: Int32, to path: String?) throws(RuntimeError) {
    guard let socket = try PIDFDSocket(path) else { return }
    let process = try during("open the process \(pid)") { () throws(SystemError) in
      guard let process = try ProcessHandle.find(pid) else {
        throw SystemError("pidfd_open", "\(pid)", errno: Errno.noProcess)
      }
      return process
    }
    try socket.send(process.pidfd.raw, .created)
  }
}
