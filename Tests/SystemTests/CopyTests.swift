import Foundation
import TestSupport
import Testing

extension SystemTests {
  /// `cp`: docker's and podman's rules of where a copy goes, in every state of the container.
  @Suite struct CopyTests {
    /// One copy into `/w` of a container that has `file`, `dir/inner` and links to both there; the
    /// machine's directory has `new` and `tree/{a,sub/b}`.
    struct Fact: CustomTestStringConvertible, Sendable {
      var source: String
      var target: String
      /// What is there afterwards, below `/w`, with the content of files.
      var appears: [String] = []
      var complaint = ""
      var flags: [String] = []
      var testDescription: String { "\(source) to \(target) \(flags)" }
    }

    static let into = [
      Fact(source: "new", target: "/w/name", appears: ["name=new"]),
      Fact(source: "new", target: "/w/dir", appears: ["dir/new=new", "dir/inner=inner"]),
      Fact(source: "new", target: "/w/dir/", appears: ["dir/new=new"]),
      Fact(source: "new", target: "/w/to-dir", appears: ["dir/new=new"]),
      Fact(source: "new", target: "/w/file", appears: ["file=new"]),
      Fact(source: "new", target: "/w/to-file", appears: ["file=new"]),
      Fact(source: "new", target: "w/name", appears: ["name=new"]),
      Fact(source: "new", target: "/w/none/", complaint: "no such file or directory"),
      Fact(source: "new", target: "/w/none/name", complaint: "no such file or directory"),
      Fact(source: "new", target: "/w/file/", complaint: "not a directory"),
      Fact(source: "tree", target: "/w/name", appears: ["name/a=a", "name/sub/b=b"]),
      Fact(source: "tree/", target: "/w/name", appears: ["name/a=a"]),
      Fact(source: "tree", target: "/w/dir", appears: ["dir/tree/a=a", "dir/tree/sub/b=b"]),
      Fact(source: "tree/.", target: "/w/dir", appears: ["dir/a=a", "dir/inner=inner"]),
      Fact(source: "tree/.", target: "/w/name", appears: ["name/a=a", "name/sub/b=b"]),
      Fact(source: "tree", target: "/w/to-dir", appears: ["dir/tree/a=a"]),
      Fact(source: "tree", target: "/w/file", complaint: "must be a directory"),
      Fact(
        source: "tree", target: "/w/file", appears: ["file/a=a"], flags: ["--overwrite"]),
      Fact(source: "absent", target: "/w/name", complaint: "could not be found on the host"),
      Fact(source: "new/", target: "/w/name", complaint: "not a directory"),
      Fact(source: "c:/w/file", target: "/w/copy", appears: ["copy=file", "file=file"]),
      Fact(source: "c:/w/to-dir", target: "/w/copy", appears: ["copy/inner=inner"]),
      Fact(source: "c:/w/dir", target: "/w/dir", appears: ["dir/dir/inner=inner"]),
    ]

    /// The rules are the same in every state: each row takes its turn.
    static let turns = into.enumerated().map { ($1, ["running", "created", "exited"][$0 % 3]) }

    @Test(arguments: turns)
    func putsACopyWhereDockerDoes(_ fact: Fact, state: String) throws {
      try Session.run { session in
        try Self.prepare(session, state)
        let result = try session.martlet(
          ["cp"] + fact.flags + [fact.source, "c:\(fact.target)"],
          exit: fact.complaint.isEmpty ? 0 : 125)
        #expect(
          fact.complaint.isEmpty || result.standardError.contains(fact.complaint),
          "\(result.transcript)")
        try session.martlet("cp", "c:/w", "out")
        for line in fact.appears {
          let parts = line.split(separator: "=").map(String.init)
          let text = try String(
            contentsOfFile: "\(session.directory)/out/\(parts[0])", encoding: .utf8)
          #expect(text == "\(parts[1])\n", "\(line)")
        }
      }
    }

    private static func prepare(_ session: Session, _ state: String) throws {
      let script = """
        mkdir -p /w/dir; cd /w; echo file > file; echo inner > dir/inner; \
        ln -s dir to-dir; ln -s /w/file to-file; echo ready
        """
      for (name, text) in [("new", "new"), ("tree/a", "a"), ("tree/sub/b", "b")] {
        let path = URL(filePath: session.directory + "/" + name)
        try FileManager.default.createDirectory(
          at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("\(text)\n".utf8).write(to: path)
      }
      switch state {
      case "running":
        _ = try session.startSleeper(name: "c")
        try session.martlet("exec", "c", "sh", "-c", script)
      case "exited":
        try session.martlet(
          "run", "--network", "none", "--name", "c", Session.image, "sh", "-c", script)
      default:
        try session.martlet("create", "--network", "none", "--name", "c", Session.image, "true")
        // Nothing ran in it yet: its files come from another container.
        try session.martlet(
          "run", "--network", "none", "--name", "other", Session.image, "sh", "-c", script)
        try session.martlet("cp", "other:/w", "c:/")
      }
    }

    @Test func keepsModesTimesLinksAndHardLinks() throws {
      try Session.run { session in
        try session.shell(
          "mkdir t; echo x > t/one; ln t/one t/two; ln -s one t/link; chmod 4751 t/one; "
            + "touch -d 2001-02-03T04:05:06.789Z t/one; chmod 1777 t; mkfifo t/fifo")
        _ = try session.startSleeper(name: "c")
        try session.martlet("cp", "t", "c:/t")
        let inside = try session.martlet(
          "exec", "c", "sh", "-c",
          "cd /t; stat -c '%n %a %h %u %Y' . one; readlink link; ls -l fifo"
        ).output
        #expect(inside.contains(". 1777 2 0"))
        #expect(inside.contains("one 4751 2 0 981173106"))
        #expect(inside.contains("\none\n"))
        #expect(inside.contains("\np"))
        try session.martlet("cp", "c:/t", "back")
        let back = try session.tool("stat", "-c", "%a %h %Y", "back/one").output
        #expect(back == "4751 2 981173106")
      }
    }

    @Test func passesArchivesBothWays() throws {
      try Session.run { session in
        try Self.prepare(session, "running")
        try session.shell("tar -c --numeric-owner --owner=7 tree | \"$MARTLET\" cp - c:/w/dir")
        let text = try session.shell("\"$MARTLET\" cp c:/w/dir - | tar -t | sort").output
        #expect(
          text == "dir/\ndir/inner\ndir/tree/\ndir/tree/a\ndir/tree/sub/\ndir/tree/sub/b")
        let part = try session.shell("\"$MARTLET\" cp c:/w/dir/. - | tar -t | sort")
          .output
        #expect(part.hasPrefix("inner\ntree/"))
        #expect(try session.martlet("exec", "c", "stat", "-c", "%u", "/w/dir/tree/a").output == "0")
        let refused = try session.martlet("cp", "-", "c:/w/file", exit: 125, input: "x")
        #expect(refused.standardError.contains("must be a directory"))
      }
    }

    @Test func givesCopiesToTheContainersUserOrKeepsTheirOwner() throws {
      try Session.run { session in
        _ = try session.write("x", to: "f")
        _ = try session.startSleeper(name: "c", "--user", "33:44")
        try session.martlet("cp", "f", "c:/tmp/mine")
        try session.martlet("cp", "--archive=false", "f", "c:/tmp/theirs")
        let owners = try session.martlet(
          "exec", "c", "stat", "-c", "%u:%g", "/tmp/mine", "/tmp/theirs"
        ).output
        #expect(owners == "33:44\n0:0")
      }
    }

    @Test func reachesVolumesOfAContainerThatNeverRan() throws {
      try Session.run { session in
        _ = try session.write("x\n", to: "f")
        try session.martlet(
          "create", "--network", "none", "--name", "c", "-v", "\(session.directory):/host",
          "-v", "/anonymous", Session.image, "cat", "/anonymous/f")
        try session.martlet("cp", "f", "c:/host/g")
        #expect(FileManager.default.fileExists(atPath: session.directory + "/g"))
        try session.martlet("cp", "f", "c:/anonymous")
        #expect(try session.martlet("start", "-a", "c").output == "x")
      }
    }

    @Test(arguments: [
      ["one", "two"], ["missing:/x", "y"], ["c:", "y"], ["one", "c:"],
    ])
    func refusesWhatItCannotMean(words: [String]) throws {
      try Session.run { session in
        _ = try session.write("x", to: "one")
        try session.martlet("create", "--network", "none", "--name", "c", Session.image, "true")
        try session.martlet(["cp"] + words, exit: 125)
      }
    }
  }
}
