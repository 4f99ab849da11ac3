/// Mounts that are made, changed and then attached, by whichever calls this kernel has.
///
/// The same as MountCall's, for a process in a mount namespace of its own; on a kernel without them
/// mount(2) does it (ClassicMount). What only the new calls can do (id maps) fails there with ENOSYS.
public enum MountTree {
  /// See MountCall.copyTree.
  public static func copy(
    _ path: String, in directory: Int32 = OwnedDescriptor.workingDirectory, recursive: Bool = false,
    subject: String? = nil
  ) throws(SystemError) -> OwnedDescriptor {
    guard ClassicMount.isNeeded else {
      return try MountCall.copyTree(path, in: directory, recursive: recursive, subject: subject)
    }
    return try ClassicMount.copyTree(path, in: directory, recursive: recursive)
  }

  /// See MountCall.makeFilesystem.
  public static func make(
    _ type: String, source: String? = nil, options: [String] = [],
    attributes: MountCall.Attributes = []
  ) throws(SystemError) -> OwnedDescriptor {
    guard ClassicMount.isNeeded else {
      return try MountCall.makeFilesystem(
        type, source: source, options: options, attributes: attributes)
    }
    return try ClassicMount.makeFilesystem(
      type, source: source, options: options, attributes: attributes)
  }

  /// See MountCall.setAttributes.
  public static func setAttributes(
    _ mount: Int32, set: MountCall.Attributes = [], clear: MountCall.Attributes = [],
    propagation: MountCall.Propagation? = nil, recursive: Bool = false, idMap: Int32? = nil,
    subject: String = ""
  ) throws(SystemError) {
    guard ClassicMount.isNeeded, idMap == nil else {
      return try MountCall.setAttributes(
        mount, set: set, clear: clear, propagation: propagation, recursive: recursive,
        idMap: idMap, subject: subject)
    }
    try ClassicMount.setAttributes(
      mount, set: set, clear: clear, propagation: propagation, recursive: recursive)
  }

  /// See MountCall.attach.
  public static func attach(_ mount: Int32, to target: Int32, subject: String = "")
    throws(SystemError)
  {
    guard ClassicMount.isNeeded else {
      return try MountCall.attach(mount, to: target, subject: subject)
    }
    try ClassicMount.attach(mount, to: target)
  }

  /// Moves the mount whose root the working directory is; needs no /proc on any kernel.
  public static func moveWorkingDirectory(to path: String) throws(SystemError) {
    try ClassicMount.moveWorkingDirectory(to: path)
  }
}
