import Engine
import LinuxSystem
import Model

/// What `run` and `create` cannot do as asked, and say so rather than fail, as podman does.
enum RunWarnings {
  /// `given`: the long names of the options on the command line.
  static func apply(_ request: inout ContainerRequest, given: [String]) {
    if given.contains("kernel-memory") {
      Message.note("The --kernel-memory flag is no longer supported. This flag is a noop.")
    }
    if request.terminal, request.interactive, !Descriptor.isTerminal(Descriptor.standardInput) {
      Message.warn(
        "The input device is not a TTY. The --tty and --interactive flags might not work properly")
    }
    let mode = (request.network ?? "").prefix { $0 != ":" }
    if !request.ports.isEmpty, mode == "host" || mode == "none" {
      Message.note(
        "Port mappings have been discarded as one of the Host, Container, Pod, and None network "
          + "modes are in use")
    }
    if let wanted = request.oomScoreAdjustment, CurrentProcess.effectiveUser != 0,
      let text = try? FileTree.readText("/proc/self/oom_score_adj"),
      let own = Int(text.filter { !$0.isWhitespace }), wanted < own
    {
      // Only the privileged may lower it (proc(5)).
      Message.warn(
        "Requested oom_score_adj=\(wanted) is lower than the current one, changing to \(own)")
      request.oomScoreAdjustment = own
    }
  }
}
