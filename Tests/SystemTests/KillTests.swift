import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension SystemTests {
  /// R1: after a command is killed the next one finds the state of before or after.
  ///
  /// Nothing stays behind. The moments are random: see `Moments`.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "looks into Martlet's own store"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct KillTests {
    @Test(arguments: KillFact.containers) func aKilledContainerCommandLeavesTheStoreWhole(
      _ fact: KillFact
    ) throws { try fact.check() }

    @Test(arguments: KillFact.containerRemovals) func aKilledRemovalIsFinishedByTheNext(
      _ fact: KillFact
    ) throws { try fact.check() }

    /// Holds the lock of a file (fcntl(2)) while a command runs.
    private static let holder = """
      import fcntl, subprocess, sys
      file = open(sys.argv[1], "r+")
      fcntl.lockf(file, fcntl.LOCK_EX)
      sys.exit(subprocess.run(sys.argv[2:]).returncode)
      """

    /// What a removal leaves that is killed between its two steps, which random moments hardly hit.
    @Test(
      .enabled(if: Machine.has("python3"), "python3 is missing"),
      arguments: [["volume", "rm", "other"], ["volume", "prune", "-f"], ["rm", "-i", "none"]])
    func volumesOfKilledCommandsAreSwept(words: [String]) throws {
      try OwnStore.run { store in
        try store.martlet("volume", "create", "other")
        let held = "volume-held-0123456789abcdef"
        try store.session.tool(
          "sh", "-ec",
          """
          cd '\(store.root)'; mkdir -p locks trash/\(held)
          mkdir -p trash/volume-a-b-0123456789abcdef/_data trash/volume-\(
            String(repeating: "f", count: 64))/_data
          touch locks/volume-held locks/volume-a-b
          """)
        // Somebody has the lock of this one: he may put the volume back.
        let result = try store.session.tool(
          "python3",
          ["-c", Self.holder, store.root + "/locks/volume-held", store.session.program.path]
            + ["--root", store.root, "--runroot", store.root + ".run"] + words)
        #expect(try store.names("trash") == [held], "\(result.transcript)")
        #expect(
          try store.names("locks").filter { $0.hasPrefix("volume-") } == ["volume-held"])
        try store.session.martlet(
          ["--root", store.root, "--runroot", store.root + ".run"] + ["volume", "prune", "-f"])
        #expect(try store.names("trash") == [])
        #expect(try store.names("locks").filter { $0.hasPrefix("volume-") } == [])
      }
    }

    /// F04: what is deleted is there or not there, and another try finishes it.
    @Test(arguments: KillFact.removals) func aKilledRemovalLeavesAllOrNothing(_ name: String) throws
    {
      let archive = try Home.shared.get().demoArchive()
      try KillFact.removal(name, archive).check()
    }

    @Test func aKilledLoadLeavesTheStoreWhole() throws {
      let archive = try Home.shared.get().demoArchive()
      try KillFact.image("load", ["load", "-i", archive], Session.image).check()
    }

    @Test(.enabled(if: Registry.isAvailable, "docker-registry or skopeo is missing"))
    func aKilledPullLeavesTheStoreWhole() throws {
      try Registry.serving(Home.shared.get().demoArchive(), as: "demo:1") { address in
        let name = "\(address)/demo:1"
        try KillFact.image("pull", ["pull", "--tls-verify=false", name], name).check()
      }
    }
  }
}

/// Who dies: the command alone, with everybody in its process group, or only its helpers.
enum Victim: CaseIterable {
  case command, group, helpers

  func kill(_ program: RunningProgram) {
    switch self {
    case .command: program.send(SIGKILL)
    case .group: program.sendGroup(SIGKILL)
    case .helpers: program.sendChildren(SIGKILL)
    }
  }
}

/// One line of the table: a command, what has to be there for it, and what must work afterwards.
struct KillFact: CustomTestStringConvertible, Sendable {
  let name: String
  let command: [String]
  /// Commands that must succeed before it.
  var before: [[String]] = []
  /// Commands that must succeed after its death; they bring the state of before `before` back.
  var after: [[String]] = []
  /// What `run` must be able to use after its death and a repetition; else the demo image.
  var image: String?
  /// Whether the image comes and goes: then the store is one of the test's own.
  var ownStore = false
  var moments = 50

  var testDescription: String { name }

  static let containers = [
    KillFact(
      name: "create", command: ["create", "--name", "killed", Session.image, "true"],
      after: [["rm", "-f", "killed"]]),
    KillFact(
      name: "create --replace",
      command: ["create", "--replace", "--name", "killed", Session.image, "true"],
      before: [["create", "--name", "killed", Session.image, "true"]],
      after: [["rm", "-f", "killed"]]),
    KillFact(
      name: "create with a whole copy",
      command: ["--storage-driver", "vfs", "create", "--name", "killed", Session.image, "true"],
      after: [["rm", "-f", "killed"]], moments: 25),
    KillFact(
      name: "start", command: ["start", "killed"],
      before: [
        ["create", "--network", "none", "--name", "killed", Session.image, "sleep", "300"]
      ],
      after: [
        ["start", "killed"], ["exec", "killed", "true"], ["rm", "-f", "-t", "0", "killed"],
      ]),
    KillFact(
      name: "rm -f", command: ["rm", "-f", "-t", "0", "killed"],
      before: [
        ["run", "-d", "--network", "none", "--name", "killed", Session.image, "sleep", "300"]
      ],
      after: [
        ["rm", "-f", "-t", "0", "killed"], ["create", "--name", "killed", Session.image, "true"],
        ["rm", "killed"],
      ]),
    KillFact(
      name: "rm -f of a container with a network and a volume",
      command: ["rm", "-f", "-v", "-t", "0", "killed"],
      before: [
        ["run", "-d", "-v", "/data", "--name", "killed", Session.image, "sleep", "300"]
      ],
      after: [["rm", "-f", "-v", "-t", "0", "killed"]], moments: 25),
  ]

  /// F04: what else makes and removes.
  static let containerRemovals = [
    KillFact(
      name: "rm", command: ["rm", "killed"],
      before: [["create", "--name", "killed", Session.image, "true"]],
      after: [
        ["rm", "-f", "killed"], ["create", "--name", "killed", Session.image, "true"],
        ["rm", "killed"],
      ], moments: 9),
    KillFact(
      name: "container prune", command: ["container", "prune", "-f"],
      before: [["create", Session.image, "true"], ["create", Session.image, "true"]],
      after: [["container", "prune", "-f"], ["rm", "-f", "-a"]], moments: 9),
    KillFact(
      name: "volume create", command: ["volume", "create", "killed"],
      after: [["volume", "create", "--ignore", "killed"], ["volume", "rm", "killed"]], moments: 9),
    KillFact(
      name: "volume prune", command: ["volume", "prune", "-f"],
      before: [["volume", "create", "killed"], ["volume", "create", "too"]],
      after: [["volume", "prune", "-f"]], moments: 9),
  ]

  static let removals = ["rmi", "image prune", "system prune", "volume rm"]

  static func removal(_ name: String, _ archive: String) -> KillFact {
    let load = ["load", "-q", "-i", archive]
    let create = ["create", "--name", "killed", "-v", "killed:/v", Session.image, "true"]
    let (before, command): ([[String]], [String]) =
      switch name {
      case "rmi": ([load], ["rmi", "-i", Session.image])
      case "image prune": ([load, ["untag", Session.image]], ["image", "prune", "-f"])
      case "system prune": ([load, create], ["system", "prune", "-a", "-f", "--volumes"])
      default: ([["volume", "create", "killed"]], ["volume", "rm", "-f", "killed"])
      }
    var fact = KillFact(name: name, command: command, before: before, moments: 8)
    fact.after = [command]
    if name == "volume rm" { return fact }
    // The image is brought back, used, and removed.
    fact.after.append(load)
    fact.image = Session.image
    fact.ownStore = true
    return fact
  }

  static func image(_ name: String, _ command: [String], _ image: String) -> KillFact {
    KillFact(
      name: name, command: command, after: [command], image: image, ownStore: true)
  }

  func check() throws {
    try Session.run { session in
      var moments = Moments(name)
      var environment: [String: String] = [:]
      if ownStore {
        environment["XDG_DATA_HOME"] = session.directory + "/d"
        // The store's directories are made by the first command; they stay.
        try session.martlet(["images"], environment: environment)
      }
      let duration = try measure(session, environment)
      _ = Poll.until(deadline: .seconds(5)) { inventory(session).isAtRest }
      let earlier = inventory(session)
      for number in 0..<self.moments {
        let moment = moments.pick(in: duration)
        let victim = Victim.allCases[number % Victim.allCases.count]
        do {
          try killOnce(session, environment, victim, at: moment)
          var left: [String] = []
          // The monitor of a container that goes when it ends empties the trash a moment later.
          _ = Poll.until(deadline: .seconds(5)) {
            left = inventory(session).difference(from: earlier)
            return left.isEmpty
          }
          if !left.isEmpty { throw LeftBehind(entries: left) }
        } catch {
          throw KillFailure(
            victim: "\(victim)", number: number, moment: moment, seed: moments.seed, cause: error)
        }
      }
    }
  }

  private func inventory(_ session: Session) -> StoreInventory {
    StoreInventory(data: ownStore ? session.directory + "/d" : session.home.data)
  }

  /// How long the command takes when it is left alone.
  private func measure(_ session: Session, _ environment: [String: String]) throws -> Duration {
    for words in before { try session.martlet(words, environment: environment) }
    let duration = try ContinuousClock().measure {
      try session.martlet(command, environment: environment)
    }
    try restore(session, environment)
    return duration
  }

  private func killOnce(
    _ session: Session, _ environment: [String: String], _ victim: Victim, at moment: Duration
  ) throws {
    for words in before { try session.martlet(words, environment: environment) }
    let program = try session.startGroup(command, environment: environment)
    // The moment is the point of the test: nothing is waited for.
    _ = Poll.until(deadline: moment) { false }
    victim.kill(program)
    _ = try program.wait()
    try session.martlet(["ps", "-a"], environment: environment)
    try session.martlet(["images"], environment: environment)
    try restore(session, environment)
  }

  private func restore(_ session: Session, _ environment: [String: String]) throws {
    for words in after { try session.martlet(words, environment: environment) }
    try session.martlet(
      ["run", "--rm", "--network", "none", image ?? Session.image, "true"],
      environment: environment)
    if let image { try session.martlet(["rmi", image], environment: environment) }
  }
}

/// What a killed command left, or took along.
struct LeftBehind: Error, CustomStringConvertible {
  let entries: [String]
  var description: String { "the store differs: " + entries.joined(separator: ", ") }
}

/// The moment at which a killed command did harm, to be had again.
struct KillFailure: Error, CustomStringConvertible {
  let victim: String
  let number: Int
  let moment: Duration
  let seed: UInt64
  let cause: any Error

  var description: String {
    "\(victim) killed after \(moment) (number \(number), MARTLET_TEST_SEED=\(seed)): \(cause)"
  }
}
