import LinuxSystem

/// Where the service managers of the system and of a user are reached.
public enum BusAddress {
  case system, user

  /// Socket paths, the first to answer is taken, and whether a bus is behind it.
  ///
  /// The managers' own sockets come last: they work without a bus daemon, for root and the user.
  var candidates: [(path: String, broker: Bool)] {
    switch self {
    case .system:
      let given = Self.path(CurrentProcess.environment("DBUS_SYSTEM_BUS_ADDRESS"))
      return [
        (given ?? "/run/dbus/system_bus_socket", true), ("/run/systemd/private", false),
      ]
    case .user:
      var found: [(String, Bool)] = []
      if let given = Self.path(CurrentProcess.environment("DBUS_SESSION_BUS_ADDRESS")) {
        found.append((given, true))
      }
      if let runtime = CurrentProcess.environment("XDG_RUNTIME_DIR"), runtime.hasPrefix("/") {
        if found.first?.0 != "\(runtime)/bus" { found.append(("\(runtime)/bus", true)) }
        found.append(("\(runtime)/systemd/private", false))
      }
      return found
    }
  }

  /// The file of an address such as `unix:path=/run/user/1000/bus,guid=…`; other transports (an
  /// abstract socket, TCP) are passed over.
  static func path(_ address: String?) -> String? {
    for one in (address ?? "").split(separator: ";") where one.hasPrefix("unix:") {
      for pair in one.dropFirst(5).split(separator: ",") where pair.hasPrefix("path=") {
        // Bytes that an address may not have are `%2d` and the like there.
        return pair.dropFirst(5).decodingEscapes(mark: UInt8(ascii: "%"), digits: 2, radix: 16)
      }
    }
    return nil
  }

  func connect() throws(BusError) -> BusConnection {
    var failure = BusError.unreachable(
      address: "$XDG_RUNTIME_DIR/bus", SystemError("connect", "", errno: Errno.noEntry))
    for (index, candidate) in candidates.enumerated() {
      let socket: OwnedDescriptor
      do throws(SystemError) {
        socket = try UnixSocket.connect(path: candidate.path)
      } catch {
        if index == 0 { failure = .unreachable(address: candidate.path, error) }
        continue
      }
      return try BusConnection(owning: socket, broker: candidate.broker)
    }
    throw failure
  }
}
