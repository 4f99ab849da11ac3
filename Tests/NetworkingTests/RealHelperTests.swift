import LinuxSystem
import Model
import Testing

@testable import Networking

/// The drivers' orders, carried out by the real programs in a user namespace of the tests' user.
@Suite(.serialized) struct RealHelperTests {
  /// `$1` is a directory, `$2` the host port; then follows the helper's command line.
  ///
  /// Prints what each step sees.
  static let script = #"""
    set -u
    dir=$1 port=$2 own=$3; shift 3
    mount -t tmpfs tmpfs "$dir/netns"
    touch "$dir/netns/m"
    unshare --net="$dir/netns/m" true
    inside() { nsenter --net="$dir/netns/m" "$@"; }
    mkfifo "$dir/ready" "$dir/life"
    case $1 in
    *pasta)
      "$@" 2>"$dir/errors" || { echo "helper failed: $(cat "$dir/errors")"; exit 1; } ;;
    *)
      exec 8<>"$dir/life"
      "$@" 3>"$dir/ready" 4<"$dir/life" >/dev/null 2>"$dir/errors" &
      helper=$!
      read -r word < "$dir/ready" || true
      echo "ready ${word:-nothing $(cat "$dir/errors")}"
      if [ -e "$dir/request" ]; then socat - "UNIX-CONNECT:$dir/net" < "$dir/request"; echo; fi ;;
    esac
    inside socat TCP-LISTEN:80,fork,reuseaddr "SYSTEM:echo from-container" & web=$!
    socat "TCP-LISTEN:$own,bind=127.0.0.1,fork,reuseaddr" "SYSTEM:echo from-host" & host=$!
    fetch() { socat -u -T 2 "TCP:$1,connect-timeout=1" - 2>/dev/null; }
    tries=0 page=
    until [ -n "$page" ] || [ $tries -ge 100 ]; do
      page=$(fetch "127.0.0.1:$port"); tries=$((tries + 1)); sleep 0.05
    done
    echo "published: ${page:-nothing}"
    echo "host itself: $(fetch "127.0.0.1:$own")"
    hex=$(inside awk '$2 == "00000000" {print $3; exit}' /proc/net/route)
    gateway=$(printf '%d.%d.%d.%d' "0x${hex#??????}" "0x$(echo "$hex" | cut -c5-6)" \
      "0x$(echo "$hex" | cut -c3-4)" "0x$(echo "$hex" | cut -c1-2)")
    echo "default route: ${hex:+yes}"
    for address in 127.0.0.1 "$gateway" 10.0.2.2 169.254.1.1 169.254.1.2; do
      if inside socat -u -T 1 "TCP:$address:$own,connect-timeout=1" - 2>/dev/null |
        grep -q from-host; then echo "loopback reached through $address"; fi
    done
    kill $web $host
    [ -z "${helper:-}" ] || kill $helper
    """#

  static var canRun: Bool {
    let tools = ["unshare", "nsenter", "socat", "pasta", "slirp4netns"]
    guard tools.allSatisfy({ Program.find($0, in: Program.systemDirectories) != nil }) else {
      return false
    }
    return (try? Program("/usr/bin/unshare", ["-Urnmpf", "--mount-proc", "true"]).start().wait())
      == .exited(0)
      && (try? OwnedDescriptor.open("/dev/net/tun", [.readWrite])) != nil
  }

  @Test(
    .enabled(
      if: canRun, "needs unshare, socat, pasta, slirp4netns, /dev/net/tun, a default route"
    ),
    arguments: [
      ("pasta", false), ("slirp4netns", false),
      // That the check can see a reachable loopback at all.
      ("pasta:--map-gw", true), ("slirp4netns:allow_host_loopback=true", true),
    ])
  func publishesAPortAndKeepsLoopbackToItself(name: String, reached: Bool) throws {
    let random = try CurrentProcess.randomBytes(6).map { String($0, radix: 16) }.joined()
    let directory = "/tmp/martlet-network-test-\(random)"
    try FileTree.ensureDirectory("\(directory)/netns", mode: 0o755)
    defer { try? FileTree.removeTree(directory) }
    let first = try InternetPort(address: [127, 0, 0, 1], port: 0, datagram: false)
    let second = try InternetPort(address: [127, 0, 0, 1], port: 0, datagram: false)
    let (free, own) = (first.number, second.number)
    // The helper and socat bind them now.
    _ = consume first
    _ = consume second
    let ports = [
      PortMapping(
        hostIP: IPAddress("127.0.0.1"), hostPort: free, containerPort: 80, transport: .tcp)
    ]
    let helper = try order(name, ports, directory)
    let port = free
    if let request = helper.requests.first { try FileTree.write("\(directory)/request", request) }
    let output = try OwnedDescriptor.open("\(directory)/output", [.readWrite, .create])
    var program = Program(
      "/usr/bin/unshare",
      [
        "-Urmpf", "--mount-proc", "--kill-child", "--propagation", "private", "/bin/sh", "-c",
        Self.script, "sh", directory,
        "\(port)", "\(own)",
      ]
        + helper.arguments)
    program.descriptors = [(1, output.raw), (2, output.raw)]
    let end = try program.start().wait()
    let text = try FileTree.readText("\(directory)/output")
    #expect(end == .exited(0), "\(text)")
    #expect(text.contains("published: from-container\n"), "\(text)")
    #expect(text.contains("host itself: from-host\n"), "\(text)")
    #expect(text.contains("default route: yes\n"), "\(text)")
    #expect(text.contains("loopback reached") == reached, "\(text)")
  }

  private func order(
    _ name: String, _ ports: [PortMapping], _ directory: String
  ) throws -> NetworkHelperOrder {
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    let program = try #require(Program.find(parts[0], in: Program.systemDirectories))
    let namespace = "\(directory)/netns/m"
    if parts[0] == "pasta" {
      return PastaDriver(
        program: program, features: PastaFeatures(mapsGuestAddress: false),
        options: Array(parts.dropFirst()), ports: ports
      ).order(namespace: namespace, isMachineRoot: false)
    }
    return try SlirpDriver(
      program: program, options: SlirpOptions(parts.count > 1 ? parts[1] : ""), ports: ports
    ).order(namespace: namespace, runDirectory: directory)
  }
}
