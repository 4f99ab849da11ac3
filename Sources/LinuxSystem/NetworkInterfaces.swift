import CLinux
import Glibc

/// The network interfaces of this network namespace.
public enum NetworkInterfaces {
  /// The interface of the default IPv4 route with the lowest metric (proc_net(5), route).
  public static func defaultInterface(routes: String) -> String? {
    var best: (name: String, metric: Int)?
    for line in routes.split(separator: "\n").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count > 7, fields[1] == "00000000", fields[7] == "00000000",
        let flags = Int(fields[3], radix: 16), flags & 1 != 0, let metric = Int(fields[6])
      else { continue }
      if best.map({ metric < $0.metric }) ?? true { best = (String(fields[0]), metric) }
    }
    return best?.name
  }

  /// The first IPv4 address of `interface`, 4 bytes in network order; nil when it has none
  /// (getifaddrs(3)).
  public static func address(of interface: String) -> [UInt8]? {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return nil }
    defer { unsafe freeifaddrs(list) }
    var entry = unsafe list
    while let current = unsafe entry {
      if let address = unsafe current.pointee.ifa_addr,
        unsafe address.pointee.sa_family == sa_family_t(AF_INET),
        unsafe String(cString: current.pointee.ifa_name) == interface
      {
        return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { inet in
          unsafe withUnsafeBytes(of: inet.pointee.sin_addr) { unsafe Array($0) }
        }
      }
      unsafe entry = current.pointee.ifa_next
    }
    return nil
  }

  /// The host's address on the interface of its default route.
  public static func hostAddress() -> [UInt8]? {
    guard let routes = try? FileTree.readText("/proc/net/route", limit: 1 << 20) else {
      return nil
    }
    return defaultInterface(routes: routes).flatMap { address(of: $0) }
  }
}
