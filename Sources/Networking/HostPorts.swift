import LinuxSystem
public import Model

/// Ports of the host: free ones are chosen, and wanted ones checked, before a helper is started,
/// because only here the error can name the port and the way out.
public enum HostPorts {
  private static let everywhere = IPAddress(bytes: [0, 0, 0, 0])
  private static let attempts = 64

  /// The mappings with every host port chosen and found free.
  ///
  /// Another program may still take one before the helper does; then the helper's own error is
  /// shown.
  public static func resolve(_ mappings: [PortMapping]) throws(NetworkingError) -> [PortMapping] {
    var resolved: [PortMapping] = []
    for mapping in mappings where mapping.hostPort != nil {
      try check(mapping)
      resolved.append(mapping)
    }
    for mapping in mappings where mapping.hostPort == nil {
      resolved.append(try choose(mapping, beside: resolved))
    }
    // In the order they were asked for.
    return mappings.map { mapping in
      guard mapping.hostPort == nil else { return mapping }
      let index = resolved.lastIndex { chosen in
        chosen.hostAddress == mapping.hostAddress && chosen.transport == mapping.transport
          && chosen.containerPort == mapping.containerPort && chosen.count == mapping.count
      }
      return index.map { resolved.remove(at: $0) } ?? mapping
    }
  }

  /// Throws unless every port of the mapping can be bound now.
  static func check(_ mapping: PortMapping) throws(NetworkingError) {
    guard let first = mapping.hostPort, mapping.transport != .sctp else { return }
    for offset in 0..<mapping.count {
      let port = first + offset
      do throws(SystemError) {
        _ = try InternetPort(
          address: (mapping.hostAddress ?? everywhere)?.bytes ?? [0, 0, 0, 0], port: port,
          datagram: mapping.transport == .udp)
      } catch {
        throw failure(mapping, port: port, error)
      }
    }
  }

  private static func choose(
    _ mapping: PortMapping, beside others: [PortMapping]
  ) throws(NetworkingError) -> PortMapping {
    guard mapping.transport != .sctp else {
      throw .portUnavailable(mapping, reason: "a host port for sctp must be given")
    }
    for _ in 0..<attempts {
      var candidate = mapping
      do throws(SystemError) {
        candidate.hostPort = try InternetPort(
          address: (mapping.hostAddress ?? everywhere)?.bytes ?? [0, 0, 0, 0], port: 0,
          datagram: mapping.transport == .udp
        ).number
      } catch {
        throw failure(mapping, port: 0, error)
      }
      guard Int(candidate.hostPort ?? 0) + Int(mapping.count) <= 65_536,
        !others.contains(where: { $0.overlaps(candidate) })
      else { continue }
      do throws(NetworkingError) {
        try check(candidate)
        return candidate
      } catch { continue }
    }
    throw .portUnavailable(mapping, reason: "no \(mapping.count) consecutive host ports are free")
  }

  private static func failure(
    _ mapping: PortMapping, port: UInt16, _ error: SystemError
  ) -> NetworkingError {
    switch error.errno {
    case Errno.addressInUse: .portInUse(mapping, port: port)
    case Errno.accessDenied: .portNotPermitted(mapping, port: port)
    case Errno.addressNotAvailable:
      .portUnavailable(mapping, reason: "the host does not have that address")
    default: .portUnavailable(mapping, reason: error.reason)
    }
  }
}
