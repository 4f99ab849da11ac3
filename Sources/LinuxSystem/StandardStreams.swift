/// The descriptors 0, 1 and 2, which every program may take for granted.
public enum StandardStreams {
  /// Opens /dev/null, for reading and writing, in the place of each that our caller has closed.
  ///
  /// Before anything else is opened: that would get the number, and what is meant for a stream would go
  /// there. Children inherit them. Without a /dev/null they stay closed.
  public static func fill() {
    for fd in Int32(0)...2 where !Descriptor.isOpen(fd) {
      guard let null = try? OwnedDescriptor.open("/dev/null", .readWrite).release() else { return }
      // The same number already, as the lower ones are open; it is to be inherited.
      try? Descriptor.replace(fd, with: null)
    }
  }
}
