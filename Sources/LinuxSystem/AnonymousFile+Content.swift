extension OwnedDescriptor {
  /// An anonymous file that holds `content`, positioned at its start.
  public static func anonymousFile(_ name: String, content: String) throws(SystemError)
    -> OwnedDescriptor
  {
    let file = try anonymousFile(name)
    try Descriptor.writeAll(file.raw, content)
    try Descriptor.rewind(file.raw)
    return file
  }
}
