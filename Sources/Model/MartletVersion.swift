/// This version of Martlet.
public enum MartletVersion {
  public static let text = "0.1.0"
  /// The podman whose command line it follows.
  public static let podman = "5.4.2"
  /// The Docker API that its output follows.
  public static let apiVersion = "1.44"
}
