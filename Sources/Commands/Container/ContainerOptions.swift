import CommandLineKit
import Engine
import Model

/// The options that `create` and `run` share.
struct ContainerOptions: Sendable {
  var request = ContainerRequest()
  var attach: AttachStreams = []
  var pull = "missing"
  var registry = RegistryOptions()
  var quiet = false
  var usesRootfs = false
  /// The long names of the options that were given.
  var given: [String] = []
  var disablesContentTrust = true

  // Of `run` alone.
  var detach = false
  var detachKeys: String?
  var passesSignals = true
  var preservedDescriptors = 0

  static let shared: [OptionSpec<ContainerOptions>] =
    process + files + network + limits + security
    + lifecycle + more + UnsupportedOptions.specs(UnsupportedOptions.container)
    + HealthOptions.specs(\.request.health)

  static let process: [OptionSpec<ContainerOptions>] = [
    .list("annotation", nil, \.request.annotations, "KEY=VALUE", "Add an annotation"),
    .parsed(
      "attach", "a", "STREAM", "Attach to stdin, stdout or stderr", repeatable: true,
      choices: AttachStreams.names
    ) { options, text throws(UsageError) in
      options.attach.insert(try AttachStreams.parse(text))
    },
    .parsed("entrypoint", nil, "COMMAND", "Overwrite the image's entrypoint") {
      options, text throws(UsageError) in
      options.request.entrypoint = try Entrypoint.parse(text)
    },
    .list("env", "e", \.request.environment, "NAME[=VALUE]", "Set an environment variable"),
    .list(
      "env-file", nil, \.request.environmentFiles, "FILE",
      "Read environment variables from a file", complete: .file),
    .list("group-add", nil, \.request.groups, "GROUP", "Add the user to further groups"),
    .value("hostname", "h", \.request.hostname, "NAME", "Set the container's host name"),
    .flag("interactive", "i", \.request.interactive, "Keep standard input open"),
    .list("label", "l", \.request.labels, "KEY[=VALUE]", "Add a label"),
    .list(
      "label-file", nil, \.request.labelFiles, "FILE", "Read labels from a file",
      complete: .file),
    .value("name", nil, \.request.name, "NAME", "Give the container a name"),
    .value(
      "platform", nil, \.registry.platform, "OS/ARCH[/VARIANT]", "Choose the image for a platform"),
    .value(
      "pull", nil, \.pull, "POLICY", "When to pull the image",
      choices: ["always", "missing", "never", "newer"]),
    .flag("quiet", "q", \.quiet, "Show no progress of a pull"),
    .flag("rootfs", nil, \.usesRootfs, "The first argument is a root directory, not an image"),
    .flag("tty", "t", \.request.terminal, "Give the container a terminal"),
    .value("umask", nil, \.request.umask, "MASK", "Set the file mode creation mask (octal)"),
    .value("user", "u", \.request.user, "USER[:GROUP]", "Run as this user"),
    .value("workdir", "w", \.request.workingDirectory, "DIR", "Set the working directory"),
    .optionalBool("tls-verify", nil, \.registry.tlsVerify, "Check the registry's certificate"),
    .value(
      "authfile", nil, \.registry.authFile, "FILE", "Take credentials from this file",
      complete: .file),
  ]

  static let files: [OptionSpec<ContainerOptions>] = [
    .list(
      "device", nil, \.request.devices, "HOST[:CONTAINER[:rwm]]",
      "Make a device of the host available"),
    .list("mount", nil, \.request.mounts, "type=TYPE,...", "Mount a file system"),
    .flag("read-only", nil, \.request.readOnly, "Make the root file system read-only"),
    .parsed("shm-size", nil, "SIZE", "Size of /dev/shm") { options, text throws(UsageError) in
      options.request.sharedMemory = try Sizes.parse(text)
    },
    .list(
      "device-cgroup-rule", nil, \.request.deviceRules, "RULE",
      "Allow devices by number; not possible in a user namespace"),
    .list("gpus", nil, \.request.gpus, "NAME", "Add GPUs: all, or a name that CDI knows"),
    .value(
      "image-volume", nil, \.request.imageVolume, "KIND", "What becomes of the image's volumes",
      choices: ["anonymous", "bind", "tmpfs", "ignore"]),
    .flag(
      "read-only-tmpfs", nil, \.request.readOnlyTmpfs,
      "With --read-only, keep /dev, /dev/shm, /run, /tmp and /var/tmp writable"),
    .list(
      "volumes-from", nil, \.request.volumesFrom, "CONTAINER[:ro|rw]",
      "Mount what another container has mounted", complete: .container),
    .list(
      "secret", nil, \.request.secrets, "NAME[,type=mount|env,...]",
      "Give the container a secret", complete: .secret),
    .list("tmpfs", nil, \.request.tmpfs, "DIR[:OPTIONS]", "Mount a temporary file system"),
    .list(
      "volume", "v", \.request.volumes, "[SOURCE:]DIR[:OPTIONS]", "Mount a volume or directory"),
  ]

  static let network: [OptionSpec<ContainerOptions>] = [
    .list("add-host", nil, \.request.hosts, "NAME:ADDRESS", "Add a line to /etc/hosts"),
    .list("dns", nil, \.request.dns, "ADDRESS", "Set a name server", commaSeparated: true),
    .list(
      "dns-option", nil, \.request.dnsOptions, "OPTION", "Set a resolver option",
      aliases: ["dns-opt"]),
    .list(
      "dns-search", nil, \.request.dnsSearch, "DOMAIN", "Set a search domain",
      commaSeparated: true),
    .value(
      "network", nil, \.request.network, "MODE",
      "Connect to a network: none, host, pasta, slirp4netns, container:NAME", aliases: ["net"]),
    .flag("no-hosts", nil, \.request.noHosts, "Leave the image's /etc/hosts"),
    .list("publish", "p", \.request.ports, "[[IP:]HOST:]PORT[/PROTO]", "Publish a port"),
  ]

  static let limits: [OptionSpec<ContainerOptions>] = [
    .parsed("cpu-period", nil, "MICROSECONDS", "CPU scheduler period") {
      options, text throws(UsageError) in
      options.request.cpuPeriod = try Sizes.unsigned(text)
    },
    .parsed("cpu-quota", nil, "MICROSECONDS", "CPU time in each period") {
      options, text throws(UsageError) in
      options.request.cpuQuota = try Sizes.signed(text)
    },
    .parsed("cpu-shares", "c", "WEIGHT", "Relative CPU weight") {
      options, text throws(UsageError) in
      options.request.cpuShares = try Sizes.unsigned(text)
    },
    .parsed("cpus", nil, "NUMBER", "Number of CPUs") { options, text throws(UsageError) in
      options.request.milliCPUs = try Sizes.milliCPUs(text)
    },
    .parsed(
      "kernel-memory", nil, "SIZE", "No longer supported: the kernel has dropped this limit",
      hidden: true
    ) { _, _ throws(UsageError) in },
    .value("cpuset-cpus", nil, \.request.cpusetCPUs, "LIST", "CPUs to run on, such as 0-3,7"),
    .value("cpuset-mems", nil, \.request.cpusetMems, "LIST", "Memory nodes to use"),
    .parsed("memory", "m", "SIZE", "Memory limit") { options, text throws(UsageError) in
      options.request.memory = try Sizes.parse(text)
    },
    .parsed("memory-reservation", nil, "SIZE", "Memory soft limit") {
      options, text throws(UsageError) in
      options.request.memoryReservation = try Sizes.parse(text)
    },
    .parsed("memory-swap", nil, "SIZE", "Limit of memory and swap together; -1 for no limit") {
      options, text throws(UsageError) in
      options.request.memorySwap = text == "-1" ? -1 : try Sizes.parse(text)
    },
    .parsed("oom-score-adj", nil, "NUMBER", "Preference of the kernel's out-of-memory killer") {
      options, text throws(UsageError) in
      let value = try Sizes.signed(text)
      guard (-1000...1000).contains(value) else {
        throw UsageError("it must be between -1000 and 1000")
      }
      options.request.oomScoreAdjustment = Int(value)
    },
    .parsed("pids-limit", nil, "NUMBER", "Limit of processes; -1 for none") {
      options, text throws(UsageError) in
      let value = try Sizes.signed(text)
      options.request.pids = value == 0 ? -1 : value
    },
    .list("ulimit", nil, \.request.ulimits, "NAME=SOFT[:HARD]", "Set a resource limit"),
  ]

  static let security: [OptionSpec<ContainerOptions>] = [
    .list(
      "cap-add", nil, \.request.capAdd, "CAPABILITY", "Add a capability",
      commaSeparated: true, complete: .capability),
    .list(
      "cap-drop", nil, \.request.capDrop, "CAPABILITY", "Drop a capability",
      commaSeparated: true, complete: .capability),
    .value(
      "cgroupns", nil, \.request.cgroupns, "MODE",
      "Cgroup namespace: private, host or container:NAME"),
    .value(
      "ipc", nil, \.request.ipc, "MODE",
      "IPC namespace: shareable, private, none, host or container:NAME"),
    .value("pid", nil, \.request.pid, "MODE", "Process namespace: private, host or container:NAME"),
    .flag("privileged", nil, \.request.privileged, "Give all the rights that the user has"),
    .list(
      "security-opt", nil, \.request.securityOptions, "OPTION",
      "seccomp=FILE|unconfined, no-new-privileges, mask=, unmask="),
    .list("sysctl", nil, \.request.sysctl, "KEY=VALUE", "Set a kernel parameter"),
    .list("gidmap", nil, \.request.groupMaps, "MAP", "Group ids inside: CONTAINER:FROM:AMOUNT"),
    .list("uidmap", nil, \.request.userMaps, "MAP", "User ids inside: CONTAINER:FROM:AMOUNT"),
    .value(
      "subgidname", nil, \.request.subordinateGroup, "NAME", "Group ids of this name in /etc/subgid"
    ),
    .value(
      "subuidname", nil, \.request.subordinateUser, "NAME", "User ids of this name in /etc/subuid"),
    .value("userns", nil, \.request.userns, "MODE", "User namespace: host, keep-id, auto or nomap"),
    .value(
      "uts", nil, \.request.uts, "MODE", "Host name namespace: private, host or container:NAME"),
  ]

  static let lifecycle: [OptionSpec<ContainerOptions>] = [
    .value(
      "cidfile", nil, \.request.cidFile, "FILE", "Write the container id to a file",
      complete: .file),
    .flag("init", nil, \.request.initProcess, "Run a small init as process 1"),
    .value(
      "log-driver", nil, \.request.logDriver, "DRIVER", "Where the output is logged",
      choices: ["k8s-file", "json-file", "journald", "none", "passthrough", "passthrough-tty"]),
    .list("log-opt", nil, \.request.logOptions, "KEY=VALUE", "Options of the log driver"),
    .flag("replace", nil, \.request.replace, "Replace a container of the same name"),
    .value(
      "restart", nil, \.request.restart, "POLICY",
      "When to start again: no, on-failure[:N], always, unless-stopped"),
    .value(
      "sdnotify", nil, \.request.sdnotify, "WHO", "Who tells the service manager that it is ready",
      choices: ["container", "conmon", "healthy", "ignore"]),
    .integer(
      "timeout", nil, \.request.timeout, "SECONDS",
      "Kill the container after this time; 0 for never"),
    .flag("rm", nil, \.request.autoRemove, "Remove the container when it ends"),
    .flag(
      "rmi", nil, \.request.removesImage,
      "With --rm, which it means, remove the image as well unless another container uses it"),
    .value("runtime", nil, \.request.runtime, "NAME", "OCI runtime for this container"),
    .value(
      "stop-signal", nil, \.request.stopSignal, "SIGNAL", "Signal that stops the container",
      complete: .signal),
    .integer(
      "stop-timeout", nil, \.request.stopTimeout, "SECONDS",
      "Seconds between the stop signal and SIGKILL"),
  ]

  static let run: [OptionSpec<ContainerOptions>] =
    [
      .integer(
        "preserve-fds", nil, \.preservedDescriptors, "COUNT",
        "Pass this many descriptors from 3 on"),
      .flag("detach", "d", \.detach, "Run in the background and print the container id"),
      .value("detach-keys", nil, \.detachKeys, "KEYS", "Keys that detach from the container"),
      .flag("sig-proxy", nil, \.passesSignals, "Pass signals on to the container"),
    ] + shared
}

/// `--entrypoint`: a word, an empty one, or a JSON array of words.
enum Entrypoint {
  static func parse(_ text: String) throws(UsageError) -> [String] {
    if text.isEmpty { return [] }
    guard text.hasPrefix("[") else { return [text] }
    guard let words = JSONWords.parse(text) else {
      throw UsageError("it must be a command or a JSON array of strings")
    }
    return words
  }
}

/// Numbers of options.
enum Sizes {
  static func parse(_ text: String) throws(UsageError) -> Int64 {
    guard let size = ByteSize.parse(text) else {
      throw UsageError("it must be a size such as 512m or 1g")
    }
    return size
  }

  static func unsigned(_ text: String) throws(UsageError) -> UInt64 {
    guard let value = UInt64(text) else { throw UsageError("it must be a number") }
    return value
  }

  /// Thousandths.
  static func milliCPUs(_ text: String) throws(UsageError) -> Int64 {
    guard let number = Double(text), number >= 0.001, number < 1e6 else {
      throw UsageError("it must be a number of CPUs such as 1.5")
    }
    return Int64((number * 1000).rounded())
  }

  static func signed(_ text: String) throws(UsageError) -> Int64 {
    guard let value = Int64(text) else { throw UsageError("it must be a number") }
    return value
  }
}

extension AttachStreams {
  static let names = ["stdin", "stdout", "stderr"]

  /// `--attach`: capitals are taken as docker takes them.
  static func parse(_ text: String) throws(UsageError) -> AttachStreams {
    switch text.lowercased() {
    case "stdin": return .standardInput
    case "stdout": return .standardOutput
    case "stderr": return .standardError
    default: throw UsageError("must be one of " + names.joined(separator: ", "))
    }
  }
}
