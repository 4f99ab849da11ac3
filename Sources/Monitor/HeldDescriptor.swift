import LinuxSystem

/// A descriptor with one owner that can sit in optionals and tuples; closes itself.
final class HeldDescriptor {
  private let owned: OwnedDescriptor
  var raw: Int32 { owned.raw }

  init(_ descriptor: consuming OwnedDescriptor) { owned = descriptor }

  func duplicate() throws(SystemError) -> HeldDescriptor { HeldDescriptor(try owned.duplicate()) }

  static func pipe() throws(SystemError) -> (readEnd: HeldDescriptor, writeEnd: HeldDescriptor) {
    try OwnedDescriptor.pipe().split { readEnd, writeEnd in
      (HeldDescriptor(readEnd), HeldDescriptor(writeEnd))
    }
  }
}
