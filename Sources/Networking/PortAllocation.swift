import LinuxSystem
public import Model

/// Host ports: choosing free ones, and saying early which cannot be had.
public enum PortAllocation {
  /// Every requested port with its host port.
  public static func resolve(_ texts: [String]) throws -> [PortMapping] {
    var all: [PortMapping] = []
    for text in texts {
      let request = try PortRequest(text)
      for (index, port) in request.containerPorts.enumerated() {
        var mapping = PortMapping(
          hostIP: request.hostIP, hostPort: 0, containerPort: port, transport: request.transport)
        if let host = request.hostPorts {
          mapping.hostPort = host.lowerBound + UInt16(index)
        } else {
          mapping.hostPort = try freePort(for: mapping, besides: all)
        }
        if all.contains(mapping) { continue }
        if all.contains(where: { $0.overlaps(mapping) }) {
          throw NetworkError.duplicatePort(mapping)
        }
        all.append(mapping)
      }
    }
    return all
  }

  private static func freePort(for mapping: PortMapping, besides taken: [PortMapping])
    throws(NetworkError) -> UInt16
  {
    var mapping = mapping
    for _ in 0..<64 {
      mapping.hostPort = 0
      mapping.hostPort = try probe(mapping)
      if !taken.contains(where: { $0.overlaps(mapping) }) { break }
    }
    return mapping.hostPort
  }

  /// Refuses ports that only root may have.
  public static func checkPrivileges(_ ports: [PortMapping], isMachineRoot: Bool)
    throws(NetworkError)
  {
    if isMachineRoot || ports.isEmpty { return }
    let text = try? FileTree.readText("/proc/sys/net/ipv4/ip_unprivileged_port_start", limit: 64)
    let start = text.flatMap { UInt16($0.prefix { $0.isNumber }) } ?? 1_024
    for port in ports where port.hostPort < start {
      throw .privilegedPort(port.hostPort, firstFree: start)
    }
  }

  /// Refuses ports that somebody has.
  ///
  /// Another program may still be faster than the helper. The helper of a container that has just
  /// ended may hold its ports a moment longer.
  public static func checkFree(_ ports: [PortMapping], patience: Int = 100) throws(NetworkError) {
    var tries = patience
    for port in ports {
      while true {
        do throws(NetworkError) {
          _ = try probe(port)
          break
        } catch {
          guard case .portInUse = error, tries > 0 else { throw error }
          tries -= 1
          // Failure is fine: a shorter pause.
          try? Clock.pause(milliseconds: 10)
        }
      }
    }
  }

  private static func probe(_ port: PortMapping) throws(NetworkError) -> UInt16 {
    let kind: InternetSocket.Kind = port.transport == .tcp ? .stream : .datagram
    var addresses = port.hostIP.map { [$0.description] } ?? ["::", "0.0.0.0"]
    while true {
      let address = addresses.removeFirst()
      do throws(SystemError) {
        return try InternetSocket.probe(address, port: port.hostPort, kind)
      } catch {
        switch error.errno {
        case Errno.addressInUse: throw .portInUse(port)
        // A host without IPv6 has no such socket, or no such address.
        case Errno.noAddressFamily where !addresses.isEmpty,
          Errno.addressNotAvailable where !addresses.isEmpty:
          continue
        default: throw .portUnavailable(port, error)
        }
      }
    }
  }
}
