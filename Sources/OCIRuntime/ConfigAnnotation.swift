/// Annotations of a configuration that change what the runtime does, as crun(1) has them; beside those
/// that are properties of a systemd unit.
enum ConfigAnnotation: String, CaseIterable {
  /// The file that takes what hooks print.
  case hookOutput = "run.oci.hooks.stdout"
  case hookErrors = "run.oci.hooks.stderr"
  /// `1`: the process keeps the supplementary groups of the runtime's caller.
  case originalGroups = "run.oci.keep_original_groups"
  /// Not `0`: a filter that names a system call that nobody knows is refused.
  case unknownSystemCalls = "run.oci.seccomp_fail_unknown_syscall"
}

extension [String: String] {
  subscript(annotation: ConfigAnnotation) -> String? { self[annotation.rawValue] }
}
