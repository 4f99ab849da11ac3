import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What a machine may lack: the error names it, and the command that helps.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "compares Martlet's own words"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"),
    .enabled(if: Surroundings.areAvailable, "unshare(1) cannot make mounts for tests here"))
  struct MissingPieceTests {
    @Test(arguments: MissingPiece.table) func isNamedWithItsRemedy(_ piece: MissingPiece) throws {
      try Session.run { session in
        var before = StoreInventory(data: session.home.data)
        // An earlier container that goes when it ends may still be going.
        _ = Poll.until(deadline: .seconds(5)) {
          before = StoreInventory(data: session.home.data)
          return before.isAtRest
        }
        let result = try session.script(
          "\"$M\" \(piece.command.joined(separator: " "))", in: piece.surroundings)
        #expect(result.exitCode == piece.exit, "\(result.transcript)")
        for words in piece.complaints {
          #expect(result.standardError.contains(words), "\(result.transcript)")
        }
        #expect(
          piece.exit != 0 || !piece.command.contains("info") || result.output == piece.output,
          "\(result.transcript)")
        // One line of error, one of remedy.
        #expect(result.standardError.split(separator: "\n").count <= 2, "\(result.transcript)")
        var left: [String] = []
        _ = Poll.until(deadline: .seconds(5)) {
          left = StoreInventory(data: session.home.data).difference(from: before)
          return left.isEmpty
        }
        #expect(left.isEmpty)
      }
    }
  }
}

/// One line of the table: what is missing, what is tried, and what is said.
struct MissingPiece: CustomTestStringConvertible, Sendable {
  let name: String
  let surroundings: Surroundings
  let command: [String]
  let exit: Int32
  let complaints: [String]
  /// Of a command that only tells something.
  var output = ""

  init(
    _ name: String, _ surroundings: Surroundings, _ command: [String], exit: Int32 = 125,
    _ complaints: String...
  ) {
    self.name = name
    self.surroundings = surroundings
    self.command = command
    self.exit = exit
    self.complaints = complaints
  }

  var testDescription: String { name }

  /// `info` that tells the storage driver.
  private static func told(
    _ name: String, _ surroundings: Surroundings, _ flags: [String], _ output: String
  )
    -> MissingPiece
  {
    var piece = MissingPiece(
      name, surroundings,
      flags + ["info", "-f", "'{{.Store.GraphDriverName}} {{.Store.GraphStatus.NativeOverlay}}'"],
      exit: 0)
    piece.output = output
    return piece
  }

  private static let run = ["run", "--rm", "--network", "none", Session.image, "true"]
  private static let connected = ["run", "--rm", Session.image, "true"]
  private static let user = ProcessInfo.processInfo.environment["USER"] ?? ""
  private static let helpers = ["/usr/bin/newuidmap", "/usr/bin/newgidmap"]
  private static let networkPrograms = ["/usr/bin/pasta", "/usr/bin/slirp4netns"]

  static let table = [
    MissingPiece(
      "no newuidmap", .without([helpers[0]], .caller), run,
      "newuidmap is not installed", "sudo apt-get install uidmap"),
    MissingPiece(
      "no newgidmap", .without([helpers[1]], .caller), run,
      "newgidmap is not installed", "sudo apt-get install uidmap"),
    MissingPiece(
      "newuidmap without its rights",
      Surroundings(
        .caller, ["cp \(helpers[0]) plain", "mount --bind plain \(helpers[0])", "rm plain"]),
      run, "newuidmap is not setuid root", "sudo chmod u+s /usr/bin/newuidmap"),
    MissingPiece(
      "no range in /etc/subuid", .with("", in: "/etc/subuid"), run,
      "no subordinate ids for user \(user) in /etc/subuid", "sudo usermod --add-subuids"),
    MissingPiece(
      "no range in /etc/subgid", .with("", in: "/etc/subgid"), run,
      "no subordinate ids for user \(user) in /etc/subgid", "--add-subgids"),
    MissingPiece(
      "a range in /etc/subuid of another user",
      .with("nobody-else:100000:65536", in: "/etc/subuid"),
      run, "no subordinate ids for user \(user) in /etc/subuid", "sudo usermod"),
    MissingPiece(
      "too few ids for the user",
      Surroundings(.few(500)),
      ["run", "--rm", "--network", "none", "--user", "1000", Session.image, "true"],
      "user id 1000 is not mapped", "/etc/subuid"),
    MissingPiece("no pasta", .without([networkPrograms[0]]), connected, exit: 0),
    MissingPiece("no slirp4netns", .without([networkPrograms[1]]), connected, exit: 0),
    MissingPiece(
      "no pasta that was asked for", .without([networkPrograms[0]]),
      ["run", "--rm", "--network", "pasta", Session.image, "true"],
      "pasta is not installed", "sudo apt-get install passt"),
    MissingPiece(
      "no slirp4netns that was asked for", .without([networkPrograms[1]]),
      ["run", "--rm", "--network", "slirp4netns", Session.image, "true"],
      "slirp4netns is not installed", "sudo apt-get install slirp4netns"),
    MissingPiece(
      "neither pasta nor slirp4netns", .without(networkPrograms), connected,
      "neither pasta nor slirp4netns", "sudo apt-get install passt", "--network none"),
    MissingPiece(
      "no fuse-overlayfs where overlay works", .without(["/usr/bin/fuse-overlayfs"]), run, exit: 0),
    MissingPiece(
      "no fuse-overlayfs that was asked for", .without(["/usr/bin/fuse-overlayfs"]),
      ["--storage-driver", "fuse-overlayfs"] + run,
      "fuse-overlayfs is not installed", "sudo apt-get install fuse-overlayfs"),
    told("info by overlay", Surroundings(.root), [], "overlay true"),
    told(
      "info without the driver that was asked for", .without(["/usr/bin/fuse-overlayfs"]),
      ["--storage-driver", "fuse-overlayfs"], "none false"),
    MissingPiece(
      "no such runtime", Surroundings(.root), ["run", "--runtime", "nosuch"] + run.dropFirst(),
      "runtime nosuch is not installed", "sudo apt-get install nosuch"),
    MissingPiece(
      "a runtime that is no file", Surroundings(.root),
      ["run", "--runtime", "/no/such"] + run.dropFirst(), "runtime /no/such"),
    MissingPiece(
      "a runtime that crashes",
      Surroundings(.root, ["printf '#!/bin/sh\\nkill -SEGV $$\\n' >crashes", "chmod +x crashes"]),
      ["run", "--runtime", "$PWD/crashes"] + run.dropFirst(), "crashes failed to create",
      "signal 11",
      "--runtime"),
    MissingPiece(
      "a runtime that crashes at the start",
      Surroundings(
        .root,
        [
          "printf '#!/bin/sh\ncase \"$*\" in *start*) kill -SEGV $$ ;; esac\n' >crashes",
          "echo 'exec \"${M%/*}/martlet-oci\" \"$@\"' >>crashes", "chmod +x crashes",
          "sed -i \"2i M=$M\" crashes",
        ]),
      ["run", "--runtime", "$PWD/crashes"] + run.dropFirst(), "crashes failed to start", "signal 11"
    ),
    MissingPiece(
      "a runtime that is no program",
      Surroundings(.root, ["echo nonsense >nonsense", "chmod +x nonsense"]),
      ["run", "--runtime", "$PWD/nonsense"] + run.dropFirst(), "nonsense", "format"),
    MissingPiece(
      "a runtime that fails silently",
      Surroundings(.root, ["printf '#!/bin/sh\\nexit 3\\n' >fails", "chmod +x fails"]),
      ["run", "--runtime", "$PWD/fails"] + run.dropFirst(), "fails failed to create",
      "exit status 3"),
    MissingPiece(
      "a runtime that says why",
      Surroundings(
        .root, ["printf '#!/bin/sh\\necho out of luck >&2; exit 3\\n' >says", "chmod +x says"]),
      ["run", "--runtime", "$PWD/says"] + run.dropFirst(), "out of luck"),
  ]
}
