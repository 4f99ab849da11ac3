import CLinux

/// A network interface of the caller's network namespace, to be moved to another (rtnetlink(7)).
public struct NetworkDevice: Sendable {
  /// One of its addresses, as the kernel needs it again after a move.
  public struct Address: Sendable {
    var value: clinux_address
  }

  private let index: Int32

  /// The most addresses that are kept over a move.
  public static let addressLimit = 256

  public init(_ name: String) throws(SystemError) {
    index = try check(unsafe clinux_link_index(name), "find network device", name)
  }

  /// Its addresses of global scope that do not expire: a move takes all of them away.
  public func addresses() throws(SystemError) -> [Address] {
    var found = [clinux_address](repeating: clinux_address(), count: Self.addressLimit)
    let count = unsafe found.withUnsafeMutableBufferPointer {
      unsafe clinux_link_addresses(index, $0.baseAddress, Int32($0.count))
    }
    try check(count, "list addresses")
    return found.prefix(Int(count)).map { Address(value: $0) }
  }

  /// Takes it down and into the network namespace open as `namespace`, where it is named `name`.
  ///
  /// EEXIST where that namespace has a device of the name.
  public func move(to namespace: Int32, as name: String) throws(SystemError) {
    try check(unsafe clinux_link_move(index, namespace, name), "move network device", name)
  }

  public func add(_ address: Address) throws(SystemError) {
    try check(
      unsafe withUnsafePointer(to: address.value) {
        unsafe clinux_address_add(index, $0)
      }, "add address")
  }

  public func bringUp() throws(SystemError) {
    try check(clinux_link_up(index), "bring up network device")
  }
}
