/// Who can change a program's file.
public enum ProgramFile {
  /// Whether no process of a user namespace that the caller makes can: the file is of root of the host
  /// and nobody else's to change, and the caller has no rights to give but a user's.
  ///
  /// Whatever namespaces such a caller makes, the file's owner is not mapped there.
  public static func isOutOfReach(_ status: FileStatus) throws(SystemError) -> Bool {
    guard isRootsAlone(status) else { return false }
    return try callerHasUserRightsOnly()
  }

  /// Whether the file is of the user 0 and nobody else's to change.
  public static func isRootsAlone(_ status: FileStatus) -> Bool {
    // The bits of the group are an access control list's mask, too (acl(5)).
    status.uid == 0 && status.permissions & 0o022 == 0
  }

  /// Whether the caller has no rights to give but those of a user of the host.
  public static func callerHasUserRightsOnly() throws(SystemError) -> Bool {
    guard CurrentProcess.effectiveUser != 0, try Capability.current().permitted.isEmpty else {
      return false
    }
    return try Credentials.isInitialUserNamespace()
  }
}
