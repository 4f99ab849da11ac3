import OCISpec
import UserNamespaces

/// What only the process inside the namespaces knows when it writes the bundle.
struct StageFacts {
  /// The mounted root.
  var rootfs: String
  var user: UserLookup.Resolved
  /// Files of ours that appear in /etc, by their place in the container.
  var files: [PlacedFile] = []
  /// Variables of the environment that come from secrets.
  var secretVariables: [String] = []
  /// nil: the host's network.
  var networkNamespace: String?
  /// Namespaces of others that the container joins.
  var joined: [RuntimeNamespace] = []
  /// Where the /dev/shm of another container is mounted.
  var sharedMemory: String?
  /// A nested user namespace to join, nil when the container lives in ours.
  var userNamespace: String?
  /// The map of that namespace, for runtimes that want it written down as well.
  var userMapping: IDMapping?
  /// What mounts bind from, by their destinations.
  var sources: [String: String] = [:]
  /// What the volumes themselves ask of every mount of them, by destination.
  var mountFlags: [String: [String]] = [:]
  /// Capabilities that we could give.
  var capabilities: Set<String>
  /// Whether we are root on the machine rather than in a user namespace.
  var isMachineRoot: Bool
  var hasCgroup2: Bool
  /// nil: the container stays in our cgroup.
  var cgroupPath: String?
  /// The group that owns terminals may not be mapped (`gid=5` of devpts).
  var mapsTerminalGroup: Bool
}

/// A file or directory of ours, or of the host's, that appears in the container.
struct PlacedFile {
  /// Its path in the container.
  let destination: String
  let source: String
}
