/// What the path of an OCI runtime tells of it.
public enum RuntimePath {
  /// Whether it is `martlet-oci`.
  public static func isOurs(_ path: String) -> Bool { path.hasSuffix("/martlet-oci") }

  /// In `martlet-oci`'s environment: its starter, outside of all user namespaces, saw that no
  /// container can change its file, so that it need not hide that (CVE-2019-5736).
  public static let outOfReach = "MARTLET_OCI_IMAGE=out-of-reach"
}
