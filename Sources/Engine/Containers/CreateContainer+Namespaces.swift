import Model

extension CreateContainer {
  /// The donor of an IPC namespace must have offered it.
  ///
  /// - Returns: what the donor's mode is.
  private func offered(_ donor: ContainerConfig) throws(ErrorReport) -> String {
    guard ["private", "none"].contains(donor.namespaces.ipc) else { return donor.namespaces.ipc }
    throw ErrorReport(
      .conflict,
      "joining the ipc namespace of container \(donor.id) is not allowed: non-shareable IPC "
        + "(hint: use IpcMode:shareable for the donor container)")
  }

  /// Which namespaces the container gets, joins or shares with the host.
  func fillNamespaces(_ config: inout ContainerConfig, _ request: ContainerRequest)
    throws
  {
    for (option, text, allowed) in [
      ("pid", request.pid, ["private", "host"]),
      ("ipc", request.ipc, ["private", "shareable", "none", "host"]),
      ("uts", request.uts, ["private", "host"]),
      ("cgroupns", request.cgroupns, ["private", "host"]),
    ] {
      guard allowed.contains(text) || text.hasPrefix("container:") || text.hasPrefix("ns:/")
      else {
        throw ErrorReport(
          .invalidRequest, "--\(option) \(text) is not supported",
          hint: "use \((allowed + ["container:NAME"]).joined(separator: " or "))")
      }
    }
    config.namespaces.pid = try store.joinedMode(request.pid) { $0.namespaces.pid }
    config.namespaces.ipc = try store.joinedMode(request.ipc, offered)
    config.namespaces.uts = try store.joinedMode(request.uts) { $0.namespaces.uts }
    config.namespaces.cgroup = try store.joinedMode(request.cgroupns) { $0.namespaces.cgroup }
    let joined = Set(
      [config.network.mode, config.namespaces.pid, config.namespaces.ipc, config.namespaces.uts]
        .filter { $0.hasPrefix("container:") })
    guard joined.count < 2 || context.uid == 0 else {
      throw ErrorReport(
        .invalidRequest, "namespaces of several containers cannot be joined",
        hint: "an ordinary user's containers have user namespaces of their own")
    }
  }
}
