import CLinux

/// Which mount something is (statx(2)).
public struct MountIdentity: Equatable, Sendable {
  /// The id that mountinfo shows; the kernel gives it to another mount when this one has gone.
  public let id: UInt64
  /// Never given again; 0 before Linux 6.8.
  public let unique: UInt64

  public init(id: UInt64, unique: UInt64) {
    self.id = id
    self.unique = unique
  }

  /// The mount that the descriptor is on.
  public static func of(descriptor: Int32) throws(SystemError) -> MountIdentity {
    var id: UInt64 = 0
    var unique: UInt64 = 0
    try check(unsafe clinux_mount_id(descriptor, &id, &unique), "statx", "\(descriptor)")
    return MountIdentity(id: id, unique: unique)
  }

  /// Where each mount of the caller's namespace is, by its id, as far as the caller's root shows
  /// them.
  ///
  /// `proc` is a descriptor of a procfs.
  public static func places(proc: Int32) throws(SystemError) -> [UInt64: String] {
    let file = try OwnedDescriptor.open("self/mountinfo", in: proc)
    let text = String(decoding: try Descriptor.readAll(file.raw), as: UTF8.self)
    var places: [UInt64: String] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 4, let id = UInt64(fields[0]) else { continue }
      places[id] = unescaped(fields[4])
    }
    return places
  }

  /// proc_pid_mountinfo(5): blanks and backslashes are octal there.
  static func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      guard byte == 0x5C, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) })
      else {
        bytes.append(byte)
        continue
      }
      bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) })
      rest = rest.dropFirst(3)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
