/// Commands of podman and docker that Martlet knows and does not have: what is missing, by the
/// words before which nothing of the path is known.
enum UnsupportedCommands {
  static func reason(_ path: String) -> String? {
    switch path {
    case "pod", "container pod": "there are no pods"
    case "build", "buildx", "builder", "image build", "farm":
      "images are built by other programs, such as buildah"
    case "network": "containers are joined by --network container:NAME or published ports"
    case "kube", "play", "generate": "there are no files for Kubernetes or systemd"
    case "quadlet", "auto-update": "there are no units for systemd"
    case "compose", "stack": "there is no API service for a compose program yet"
    case "system service", "system dial-stdio": "there is no API service"
    case "system connection add", "system connection default", "system connection remove",
      "system connection rename":
      "there is no API service to connect to"
    case "machine", "system hyperv-prep": "containers run on this machine"
    case "artifact": "only images are kept"
    case "container checkpoint", "container restore": "containers cannot be frozen into files"
    case "container runlabel": "use martlet inspect to see an image's labels"
    case "image scp": "use martlet save and martlet load"
    case "swarm", "node", "service", "config", "plugin", "trust", "checkpoint":
      "it is docker's alone"
    default: nil
    }
  }
}
