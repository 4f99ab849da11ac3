/// The options of docker's and podman's commands that scripts use, by command: the contract of the
/// command line for containers, volumes, secrets and events.
enum CommandContract {
  static let options: [(command: String, options: String)] = [
    (
      "run",
      """
      add-host annotation arch attach authfile blkio-weight cap-add cap-drop cgroup-parent \
      cgroupns cgroups cidfile conmon-pidfile cpu-period cpu-quota cpu-shares cpus \
      cpuset-cpus cpuset-mems creds detach detach-keys device device-cgroup-rule dns \
      dns-option dns-search entrypoint env env-file env-host expose gidmap gpus group-add \
      health-cmd health-interval health-on-failure health-retries health-start-period \
      health-startup-cmd health-startup-interval health-startup-retries \
      health-startup-success health-startup-timeout health-timeout hostname http-proxy \
      image-volume init init-path interactive ip ip6 ipc label label-file log-driver log-opt \
      mac-address memory memory-reservation memory-swap mount name network network-alias \
      no-healthcheck no-hosts oom-score-adj os passwd pid pidfile pids-limit platform pod \
      pod-id-file preserve-fds privileged publish publish-all pull quiet read-only \
      read-only-tmpfs replace requires restart retry rm rootfs sdnotify secret security-opt \
      shm-size sig-proxy stop-signal stop-timeout sysctl systemd timeout tls-verify tmpfs \
      tty tz uidmap ulimit umask unsetenv user userns uts variant volume volumes-from \
      workdir net dns-opt healthcheck-command domainname health-start-interval link runtime \
      storage-opt volume-driver
      """
    ),
    (
      "create",
      """
      add-host annotation arch attach authfile blkio-weight cap-add cap-drop cgroup-parent \
      cgroupns cgroups cidfile conmon-pidfile cpu-period cpu-quota cpu-shares cpus \
      cpuset-cpus cpuset-mems creds device device-cgroup-rule dns dns-option dns-search \
      entrypoint env env-file env-host expose gidmap gpus group-add health-cmd \
      health-interval health-on-failure health-retries health-start-period \
      health-startup-cmd health-startup-interval health-startup-retries \
      health-startup-success health-startup-timeout health-timeout hostname http-proxy \
      image-volume init init-path interactive ip ip6 ipc label label-file log-driver log-opt \
      mac-address memory memory-reservation memory-swap mount name network network-alias \
      no-healthcheck no-hosts oom-score-adj os pid pidfile pids-limit platform pod \
      pod-id-file privileged publish publish-all pull quiet read-only read-only-tmpfs \
      replace requires restart retry rm rootfs sdnotify secret security-opt shm-size \
      stop-signal stop-timeout sysctl systemd timeout tls-verify tmpfs tty tz uidmap ulimit \
      umask unsetenv user userns uts variant volume volumes-from workdir domainname \
      health-start-interval link runtime storage-opt volume-driver
      """
    ),
    ("start", "all attach detach-keys filter interactive latest sig-proxy"),
    ("stop", "all cidfile filter ignore latest time timeout"),
    ("restart", "all filter running time"),
    ("kill", "all cidfile latest signal"),
    ("rm", "all cidfile depend force ignore latest time volumes link"),
    ("ps", "all filter format last latest no-trunc noheading pod quiet size sort"),
    (
      "exec",
      """
      cidfile detach detach-keys env env-file interactive latest no-session preserve-fds \
      privileged tty user workdir
      """
    ),
    ("attach", "detach-keys latest no-stdin sig-proxy"),
    ("logs", "color follow latest names since tail timestamps until details"),
    ("inspect", "format latest size type"),
    ("wait", "condition exit-first-match ignore interval latest"),
    ("cp", "archive overwrite follow-link"),
    ("top", ""),
    ("stats", "all format no-stream"),
    ("port", "all"),
    ("rename", ""),
    ("pause", ""),
    ("unpause", ""),
    (
      "update",
      """
      cpu-shares cpus cpuset-cpus env health-cmd memory memory-reservation memory-swap \
      pids-limit restart ulimit
      """
    ),
    (
      "commit",
      """
      author change config format iidfile include-volumes message pause quiet squash
      """
    ),
    ("diff", "format"),
    ("export", "output"),
    ("import", "change message platform"),
    ("events", "filter format since stream until"),
    ("init", ""),
    ("mount", "all format"),
    ("unmount", ""),
    ("version", "format"),
    ("info", "format"),
    ("unshare", "rootless-netns"),
    ("completion", ""),
    ("container exists", ""),
    ("container inspect", "format size"),
    ("container prune", "filter force"),
    ("container cleanup", ""),
    ("container diff", ""),
    ("volume create", "driver ignore label opt"),
    ("volume ls", "filter format quiet"),
    ("volume rm", "all force"),
    ("volume inspect", "all format"),
    ("volume exists", ""),
    ("volume prune", "filter force"),
    ("volume export", "output"),
    ("volume import", ""),
    ("volume mount", ""),
    ("volume unmount", ""),
    ("secret create", "driver env ignore label replace"),
    ("secret ls", "format quiet"),
    ("secret rm", "all ignore"),
    ("secret inspect", "format showsecret"),
    ("secret exists", ""),
    ("healthcheck run", ""),
    ("system df", "format verbose"),
    ("system prune", "all filter force volumes"),
    ("system info", ""),
    ("system events", ""),
    ("system check", "force max quick repair"),
    ("system connection ls", "format quiet"),
    ("volume reload", ""),
    ("system migrate", "new-runtime"),
    ("system reset", "force"),
    ("context ls", "format"),
    ("image inspect", "format"),
    ("image exists", ""),
  ]

  /// Those that stand before the command.
  static let globalOptions = """
    cgroup-manager config connection context debug events-backend hooks-dir host imagestore \
    log-level module network-config-dir out remote root runroot runtime storage-driver \
    storage-opt tmpdir transient-store url volumepath
    """

  /// Commands that are known, and refused with a reason.
  static let absentCommands = [
    "container checkpoint", "container restore", "container runlabel", "system service",
    "system dial-stdio",
  ]
}
