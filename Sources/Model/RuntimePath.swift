/// What the path of an OCI runtime tells of it.
public enum RuntimePath {
  /// Whether it is `martlet-oci`.
  public static func isOurs(_ path: String) -> Bool { path.hasSuffix("/martlet-oci") }
}
