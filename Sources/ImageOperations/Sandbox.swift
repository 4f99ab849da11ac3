import LinuxSystem

/// What may still be done where bytes of strangers are decompressed and unpacked: files, and nothing
/// else.
enum Sandbox {
  /// For this thread and all that it starts, for good.
  ///
  /// A kernel without seccomp keeps its other walls: the user namespace and no_new_privs.
  static func enter() {
    try? SystemCallFilter.deny([.network, .programs, .exotic])
  }
}
