import CommandLineKit

/// Options of podman and docker that Martlet knows and does not have: they say so and end with 125
/// rather than being accepted without effect.
enum UnsupportedOptions {
  /// `create` and `run`: the option, whether it takes a value, and why it is not there.
  static let container: [(name: String, takesValue: Bool, reason: String)] = [
    ("blkio-weight-device", true, "limits of single devices are not supported"),
    ("cgroup-conf", true, "settings of control group files are not supported"),
    ("chrootdirs", true, "chroot directories are not supported"),
    ("cpu-count", true, "it is for Windows"),
    ("cpu-percent", true, "it is for Windows"),
    ("decryption-key", true, "encrypted images are not supported"),
    ("io-maxbandwidth", true, "it is for Windows"),
    ("io-maxiops", true, "it is for Windows"),
    ("ip", true, "addresses are given to containers on bridges, which are not supported yet"),
    ("ip6", true, "addresses are given to containers on bridges, which are not supported yet"),
    ("isolation", true, "it is for Windows"),
    ("link", true, "links are docker's old networks"),
    ("link-local-ip", true, "bridges are not supported yet"),
    ("mac-address", true, "use --network pasta:--ns-mac-addr,ADDRESS"),
    ("network-alias", true, "names on networks need bridges, which are not supported yet"),
    ("permissive", false, "SELinux labels are not supported"),
    ("personality", true, "other personalities are not supported"),
    ("pod", true, "there are no pods"),
    ("pod-id-file", true, "there are no pods"),
    ("preserve-fd", true, "use --preserve-fds"),
    ("rdt-class", true, "resource director groups are not supported"),
    ("seccomp-policy", true, "profiles in images are not supported"),
    ("shm-size-systemd", true, "the directories of systemd have no limit of their own"),
    ("storage-opt", true, "quotas of a container's files are not supported"),
    ("use-api-socket", false, "there is no API service"),
    ("volume-driver", true, "volumes are directories of this machine; use volume create --opt"),
  ]

  /// `push` and `manifest push`.
  static let push: [(name: String, takesValue: Bool, reason: String)] = [
    ("encrypt-layer", true, "encrypted images are not supported"),
    ("encryption-key", true, "encrypted images are not supported"),
    ("sign-by-sigstore", true, "signing is done by gpg; use --sign-by"),
    ("sign-by-sigstore-private-key", true, "signing is done by gpg; use --sign-by"),
    ("sign-by-sq-fingerprint", true, "signing is done by gpg; use --sign-by"),
  ]

  /// `commit`; before the command, `--config` is docker's directory.
  static let commit: [(name: String, takesValue: Bool, reason: String)] = [
    ("config", true, "give each change by --change")
  ]

  /// Those of podman and docker that stand before the command.
  static let global: [(name: String, takesValue: Bool, reason: String)] = [
    ("connection", true, "there is no API service to connect to"),
    ("context", true, "there is no API service to connect to"),
    ("hooks-dir", true, "hooks of the machine are not run"),
    ("host", true, "there is no API service to connect to"),
    ("imagestore", true, "use additionalimagestores of storage.conf"),
    ("network-config-dir", true, "bridges are not supported yet"),
    ("remote", false, "there is no API service to connect to"),
    ("storage-opt", true, "use storage.conf"),
    ("transient-store", false, "use --root with a directory that does not last"),
    ("url", true, "there is no API service to connect to"),
    ("volumepath", true, "use --root, or volume create --opt device=DIR"),
  ]

  /// The options for a table; hidden, since help shows what there is.
  static func specs<Options>(
    _ list: [(name: String, takesValue: Bool, reason: String)]
  ) -> [OptionSpec<Options>] {
    list.map { name, takesValue, reason in
      let refuse: OptionSpec<Options>.Apply = { _, text throws(UsageError) in
        // --flag=false asks for what is the case anyway.
        if !takesValue, text == "false" { return }
        throw UsageError("not supported: \(reason)")
      }
      return takesValue
        ? .parsed(name, nil, "VALUE", "Not supported: \(reason)", hidden: true, refuse)
        : .parsedFlag(name, "Not supported: \(reason)", hidden: true, refuse)
    }
  }
}
