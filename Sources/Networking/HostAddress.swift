import LinuxSystem
public import Model

/// The host's own addresses.
public enum HostAddress {
  /// The address that packets to the internet leave from, as pasta takes it over; nil when the
  /// host has no route.
  public static var main: IPAddress? {
    // Addresses for documentation (RFC 5737, RFC 3849): asked about, never sent to.
    for destination in ["198.51.100.1", "2001:db8::1"] {
      if let text = InternetSocket.source(toward: destination), let address = IPAddress(text) {
        return address
      }
    }
    return nil
  }
}
