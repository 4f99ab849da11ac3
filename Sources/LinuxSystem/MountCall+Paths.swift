import CLinux

/// Mounts by path (mount(2)): for our own directories, which no container can touch. Inside a
/// container's root everything is mounted by descriptor.
extension MountCall {
  public static func mount(
    _ type: String, from source: String, at target: String, options: String = ""
  ) throws(SystemError) {
    try check(unsafe clinux_mount(source, target, type, 0, options), "mount \(type)", target)
  }

  public static func bind(_ source: String, at target: String, recursive: Bool = false)
    throws(SystemError)
  {
    let flags = recursive ? CLINUX_MS_BIND | CLINUX_MS_REC : CLINUX_MS_BIND
    try check(unsafe clinux_mount(source, target, nil, flags, nil), "bind \(source)", target)
  }
}
