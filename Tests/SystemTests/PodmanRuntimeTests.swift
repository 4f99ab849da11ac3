import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// Podman with Martlet's OCI runtime under it.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "needs martlet-oci"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"),
    .enabled(if: Machine.has("podman"), "podman is missing"))
  struct PodmanRuntimeTests {
    /// Runs `body` with a podman of its own: `podman(words, exit code)`.
    private func withPodman(
      _ body: (Session, (_ exit: Int32, _ words: String...) throws -> CommandResult) throws -> Void
    ) throws {
      try Session.run { session in
        let machine = try #require(Machine.current)
        let runtime = machine.martlet + "-oci"
        var environment = session.home.environment
        for (name, part) in [("XDG_DATA_HOME", "pd"), ("HOME", "ph"), ("XDG_CONFIG_HOME", "pc")] {
          environment[name] = "\(session.directory)/\(part)"
          try FileManager.default.createDirectory(
            atPath: "\(session.directory)/\(part)", withIntermediateDirectories: true)
        }
        try FileManager.default.createDirectory(
          atPath: "\(session.directory)/pr", withIntermediateDirectories: true)
        environment["XDG_RUNTIME_DIR"] = "\(session.directory)/pr"
        environment["HOME"] = "\(session.directory)/ph"
        func podman(_ exit: Int32, _ words: [String]) throws -> CommandResult {
          let result = try Program(
            path: "podman",
            arguments: [
              "--runtime", runtime, "--cgroup-manager", "cgroupfs", "--events-backend", "file",
            ] + words, environment: environment, directory: session.directory
          ).run(deadline: .seconds(50))
          guard result.exitCode == exit else {
            throw UnexpectedExit(result: result, expected: exit)
          }
          return result
        }
        defer {
          _ = try? podman(0, ["rm", "-f", "-a", "-t", "0"])
          _ = try? podman(0, ["unshare", "rm", "-rf", environment["XDG_DATA_HOME"] ?? "/nowhere"])
          // Ends podman's own process that holds its user namespace.
          _ = try? podman(0, ["system", "migrate"])
        }
        _ = try podman(0, ["load", "-q", "-i", try session.home.demoArchive()])
        try body(session) { exit, words in try podman(exit, words) }
      }
    }

    @Test func runsAndTellsExitCodes() throws {
      try withPodman { _, podman in
        let image = Session.image
        #expect(
          try podman(0, "run", "--rm", "--network", "none", image, "echo", "hello").output
            == "hello")
        _ = try podman(3, "run", "--rm", "--network", "none", image, "sh", "-c", "exit 3")
        _ = try podman(127, "run", "--rm", "--network", "none", image, "/no/such/program")
        _ = try podman(126, "run", "--rm", "--network", "none", image, "/etc")
        if FileManager.default.fileExists(atPath: "/usr/libexec/podman/catatonit") {
          let initial = try podman(
            0, "run", "--rm", "--init", "--network", "none", image, "cat", "/proc/1/comm")
          #expect(initial.output == "catatonit")
        }
        let own = try podman(
          0, "run", "--rm", "--userns", "keep-id", "--network", "none", image, "id", "-u")
        #expect(own.output == "\(getuid())")
        let terminal = try podman(
          0, "run", "--rm", "-t", "--network", "none", image, "test", "-t", "1")
        #expect(terminal.output == "")
      }
    }

    @Test func worksOnARunningContainer() throws {
      try withPodman { _, podman in
        let image = Session.image
        _ = try podman(
          0, "run", "-d", "--name", "web", "--network", "none", image, "sh", "-c",
          "echo started; exec sleep 300")
        #expect(try podman(0, "exec", "web", "cat", "/proc/1/comm").output == "sleep")
        _ = try podman(5, "exec", "web", "sh", "-c", "exit 5")
        #expect(try Poll.until { try podman(0, "logs", "web").output == "started" })
        _ = try podman(0, "stop", "-t", "0", "web")
        #expect(
          try podman(0, "inspect", "-f", "{{.State.ExitCode}}", "web").output == "137")
        _ = try podman(0, "start", "web")
        _ = try podman(0, "rm", "-f", "-t", "0", "web")
        #expect(try podman(0, "ps", "-aq").output == "")
      }
    }

    @Test(
      .enabled(
        if: FileManager.default.fileExists(atPath: "/usr/share/containers/seccomp.json"),
        "podman's default profile is missing"))
    func takesPodmansOwnSeccompProfile() throws {
      let option = "seccomp=/usr/share/containers/seccomp.json"
      try withPodman { session, podman in
        for result in [
          try podman(
            0, "run", "--rm", "--network", "none", "--security-opt", option, Session.image,
            "grep", "Seccomp:", "/proc/self/status"),
          // The same file by Martlet itself.
          try session.martlet(
            "run", "--rm", "--network", "none", "--security-opt", option, Session.image, "grep",
            "Seccomp:", "/proc/self/status"),
        ] {
          #expect(result.output == "Seccomp:\t2", "\(result.transcript)")
        }
      }
    }
  }
}
