import CommandLineKit
import Engine
import Model

/// Options of `create` and `run` that are asked for less often.
extension ContainerOptions {
  static let more: [OptionSpec<ContainerOptions>] =
    environment + accounts + addresses + placement + lifetime + images

  private static let environment: [OptionSpec<ContainerOptions>] = [
    .flag("env-host", nil, \.request.environmentOfHost, "Pass the whole environment of the caller"),
    .list(
      "env-merge", nil, \.request.environmentMerges, "NAME=VALUE",
      "Set a variable from others, such as PATH=${PATH}:/opt"),
    .flag("http-proxy", nil, \.request.proxyVariables, "Pass the caller's proxy variables"),
    .value(
      "tz", nil, \.request.timeZone, "ZONE", "Set the time zone: Area/City, or local for the host's"
    ),
    .list("unsetenv", nil, \.request.unsetEnvironment, "NAME", "Leave a default variable out"),
    .flag("unsetenv-all", nil, \.request.unsetAllEnvironment, "Leave all default variables out"),
  ]

  private static let accounts: [OptionSpec<ContainerOptions>] = [
    .value(
      "group-entry", nil, \.request.accounts.groupEntry, "ENTRY",
      "A line for the container's /etc/group"),
    .list(
      "hostuser", nil, \.request.accounts.hostUsers, "NAME",
      "Add a user of the host to the container's /etc/passwd"),
    .flag(
      "passwd", nil, \.request.addsAccounts,
      "Add the container's user to its /etc/passwd and /etc/group"),
    .value(
      "passwd-entry", nil, \.request.accounts.passwdEntry, "ENTRY",
      "A line for the container's /etc/passwd"),
  ]

  private static let addresses: [OptionSpec<ContainerOptions>] = [
    .value("domainname", nil, \.request.domainname, "NAME", "Set the NIS domain name"),
    .list("expose", nil, \.request.exposed, "PORT[/PROTO]", "A port that the container serves"),
    .value(
      "hosts-file", nil, \.request.hostsFile, "FILE",
      "What /etc/hosts is made from: a file, image or none", complete: .file),
    .flag("no-hostname", nil, \.request.noHostname, "Leave the image's /etc/hostname"),
    .flag(
      "publish-all", "P", \.request.publishAll, "Publish every port that the image exposes"),
  ]

  private static let placement: [OptionSpec<ContainerOptions>] = [
    .parsed("blkio-weight", nil, "WEIGHT", "Relative weight of block I/O, 10 to 1000") {
      options, text throws(UsageError) in
      guard let weight = UInt16(text), weight == 0 || (10...1000).contains(weight) else {
        throw UsageError("it must be between 10 and 1000")
      }
      options.request.blockWeight = Int64(weight)
    },
    .value(
      "cgroup-parent", nil, \.request.cgroupParent, "PATH",
      "The control group to make the container's in"),
    .value(
      "cgroups", nil, \.request.cgroups, "MODE",
      "Whether the container gets a control group",
      choices: ["enabled", "disabled", "no-conmon", "split"]),
    .parsed("memory-swappiness", nil, "NUMBER", "How eagerly memory is swapped out, 0 to 100") {
      options, text throws(UsageError) in
      let value = try Sizes.signed(text)
      guard (-1...100).contains(value) else { throw UsageError("it must be between 0 and 100") }
      options.request.memorySwappiness = value < 0 ? nil : value
    },
    .flag(
      "oom-kill-disable", nil, \.request.oomKillDisable,
      "Stop rather than kill processes when memory runs out (cgroup v1)"),
    .parsed("cpu-rt-period", nil, "MICROSECONDS", "Real-time scheduler period (cgroup v1)") {
      options, text throws(UsageError) in
      options.request.cpuRealtimePeriod = try Sizes.signed(text)
    },
    .parsed("cpu-rt-runtime", nil, "MICROSECONDS", "Real-time CPU time in a period (cgroup v1)") {
      options, text throws(UsageError) in
      options.request.cpuRealtimeRuntime = try Sizes.signed(text)
    },
  ]

  private static let lifetime: [OptionSpec<ContainerOptions>] = [
    .value(
      "conmon-pidfile", nil, \.request.monitorPidFile, "FILE",
      "Write the process id of the container's monitor to a file", complete: .file),
    .value(
      "init-path", nil, \.request.initPath, "FILE", "The init program of the host for --init",
      complete: .file),
    .value(
      "pidfile", nil, \.request.pidFile, "FILE",
      "Write the process id of the container to a file", complete: .file),
    .list(
      "requires", nil, \.request.requires, "CONTAINER",
      "Containers that are started before this one", commaSeparated: true, complete: .container),
    .value(
      "systemd", nil, \.request.systemd, "MODE",
      "Prepare the container for systemd: true (if it is the command), false or always",
      choices: ["true", "false", "always"]),
  ]

  private static let images: [OptionSpec<ContainerOptions>] =
    [
      .value(
        "arch", nil, \.registry.architecture, "ARCH", "Choose the image for an architecture",
        aliases: ["override-arch"]),
      .value(
        "os", nil, \.registry.os, "OS", "Choose the image for an operating system",
        aliases: ["override-os"]),
      .value(
        "variant", nil, \.registry.variant, "VARIANT", "Choose the image for a CPU variant",
        aliases: ["override-variant"]),
      .value(
        "cert-dir", nil, \.registry.certificateDirectory, "DIR",
        "Certificates for the registry", complete: .directory),
      .value("creds", nil, \.registry.credentials, "USER:PASSWORD", "Credentials for the registry"),
      .flag(
        "disable-content-trust", nil, \.disablesContentTrust,
        "For docker's scripts: there is no content trust to disable", hidden: true),
    ] + RegistryOptions.retryTable(\.registry)
}
