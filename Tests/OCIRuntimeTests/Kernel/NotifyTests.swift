import LinuxSystem
import OCISpec
import Testing

/// sd_notify(3) through the runtime: the test is the service manager.
@Suite(
  .enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"),
  .enabled(if: Program.find("python3", in: Program.systemDirectories) != nil, "python3"))
struct NotifyTests {
  /// busybox has no program that sends to such a socket: the test does, through the container's root.
  private static func manager(_ bundle: TestBundle, _ script: String) -> String {
    """
    import os, socket, subprocess, sys
    path = "\(bundle.directory)/manager.sock"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(path)
    server.settimeout(20)
    environment = dict(os.environ, NOTIFY_SOCKET=path)
    oci = ["\(RuntimeUnderTest.path ?? "")", "--root", "\(bundle.directory)/state"]
    create = oci + ["create", "--bundle", "\(bundle.directory)", "\(bundle.id)"]
    def run(words, **more):
        return subprocess.run(words, env=environment, **more)
    def say(text):
        pid = int(open("\(bundle.directory)/pid").read())
        client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        client.connect(f"/proc/{pid}/root{path}/notify")
        client.send(text)
    \(script)
    """
  }

  private func python(_ bundle: TestBundle, _ script: String) throws -> CommandOutcome {
    _ = try bundle.oci(["list", "-q"])
    let file = "\(bundle.directory)/manager.py"
    try FileTree.write(file, Self.manager(bundle, script))
    return try bundle.host("timeout 60 python3 \(file)")
  }

  @Test func theContainerSeesASocketOfItsOwn() throws {
    let bundle = try TestBundle()
    bundle.shell("echo $NOTIFY_SOCKET; ls $(busybox dirname $NOTIFY_SOCKET)")
    let outcome = try python(
      bundle, "run(oci + ['run', '--bundle', '\(bundle.directory)', '\(bundle.id)'])")
    let place = "\(bundle.directory)/manager.sock"
    #expect(outcome.output == "\(place)/notify\nnotify\n", "\(outcome.errors)")
  }

  @Test(arguments: [false, true]) func startWaitsForReady(userNamespace: Bool) throws {
    let bundle = try TestBundle()
    if userNamespace {
      bundle.addUserNamespace()
      // Its root makes the directory in the socket's place.
      try FileTree.setMode("\(bundle.rootfs)/tmp", 0o777)
    }
    bundle.shell("sleep 1000")
    let outcome = try python(
      bundle,
      """
      run(create + ['--pid-file', '\(bundle.directory)/pid'], check=True)
      start = subprocess.Popen(oci + ['start', '\(bundle.id)'], env=environment)
      while True:
          try:
              say(b'STATUS=soon\\nMAINPID=1')
              break
          except (FileNotFoundError, ConnectionRefusedError):
              pass
      print(server.recv(999))
      print(start.poll())
      say(b'READY=1\\nSTATUS=up')
      pid = open('\(bundle.directory)/pid').read()
      print(server.recv(999).decode().replace(pid, 'PID').split())
      print(start.wait())
      """)
    #expect(
      outcome.output
        == "b'STATUS=soon'\nNone\n['MAINPID=PID', 'READY=1', 'STATUS=up']\n0\n",
      "\(outcome.errors)")
  }

  @Test func aContainerThatEndsDoesNotHoldItsCallerUp() throws {
    let bundle = try TestBundle()
    bundle.shell("true")
    let outcome = try python(
      bundle, "run(create); print(run(oci + ['start', '\(bundle.id)']).returncode)")
    #expect(outcome.output == "0\n", "\(outcome.errors)")
  }

  @Test func aSocketOfTheConfigurationStays() throws {
    let bundle = try TestBundle()
    bundle.spec.process?.env.append("NOTIFY_SOCKET=/run/mine")
    bundle.shell("echo $NOTIFY_SOCKET")
    let outcome = try python(
      bundle, "run(oci + ['run', '-d', '--bundle', '\(bundle.directory)', '\(bundle.id)'])")
    #expect(outcome.output == "/run/mine\n", "\(outcome.errors)")
  }
}
