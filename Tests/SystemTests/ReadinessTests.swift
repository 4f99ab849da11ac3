import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// `--sdnotify`: what a service manager is told, and by whom.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "a peer's monitor is another program"),
    .enabled(if: PythonInContainers.isPossible, "/usr/bin/python3 is missing"))
  struct ReadinessTests {
    /// A service manager's socket: runs the program under test with it, prints each message until
    /// one has `READY=1`.
    private static let manager = """
      import os, socket, subprocess, sys
      place = os.path.join(os.getcwd(), "manager")
      own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      own.bind(place)
      own.settimeout(20)
      subprocess.run(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=place), check=True,
          stdout=subprocess.DEVNULL)
      ready = False
      while not ready:
          lines = own.recv(4096).decode().split("\\n")
          ready = "READY=1" in lines
          print(" ".join(lines), flush=True)
      os.unlink(place)
      """

    private func told(_ session: Session, _ flags: [String], _ command: [String]) throws -> [String]
    {
      let program = session.program.path
      let words =
        [
          "/usr/bin/python3", "-c", Self.manager, program, "run", "-d", "--name", "told",
          "--network",
          "none",
        ]
        + flags + [Session.image] + command
      let line = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
      return try session.shell(line).lines
    }

    /// The container is ready when it says so; which process is the main one is not its to say.
    @Test func theContainerTellsWhenItIsReady() throws {
      try Session.run { session in
        // busybox sends no datagrams to sockets that have a name; the machine's python3 does.
        let sender = """
          import os, socket
          own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
          own.connect(os.environ["NOTIFY_SOCKET"])
          own.send(b"STATUS=nearly\\nMAINPID=1")
          own.send(b"MAINPID=7\\nREADY=1\\nSTATUS=up")
          """
        let lines = try told(
          session,
          [
            "--sdnotify", "container", "-v", "/usr:/usr:ro", "-v", "/lib:/lib:ro", "-v",
            "/lib64:/lib64:ro",
          ], ["/usr/bin/python3", "-c", sender])
        #expect(lines.last == "READY=1 STATUS=up", "\(lines)")
        #expect(lines.contains("STATUS=nearly"), "\(lines)")
        #expect(lines.first?.hasPrefix("MAINPID=") == true, "\(lines)")
        #expect(!lines.dropFirst().joined().contains("MAINPID"), "\(lines)")
      }
    }

    @Test func theMonitorTellsThatItRuns() throws {
      try Session.run { session in
        let lines = try told(session, ["--sdnotify", "conmon"], ["sleep", "300"])
        let monitor = try session.inspect("told", "{{.State.ConmonPid}}")
        #expect(lines == ["MAINPID=\(monitor) READY=1"])
        // The container is not asked, and does not know of it.
        #expect(
          try session.martlet("exec", "told", "sh", "-c", "echo ${NOTIFY_SOCKET:-none}").output
            == "none")
      }
    }

    @Test func aHealthyContainerIsReady() throws {
      try Session.run { session in
        let lines = try told(
          session,
          [
            "--sdnotify", "healthy", "--health-cmd", "test -e /tmp/up", "--health-interval", "50ms",
          ], ["sh", "-c", "sleep 0.3; touch /tmp/up; sleep 300"])
        let monitor = try session.inspect("told", "{{.State.ConmonPid}}")
        #expect(lines == ["MAINPID=\(monitor)", "READY=1"])
      }
    }
  }
}

/// The machine's python3 with its libraries, mounted into a container.
private enum PythonInContainers {
  static let isPossible = ["/usr/bin/python3", "/lib64"].allSatisfy {
    FileManager.default.fileExists(atPath: $0)
  }
}
