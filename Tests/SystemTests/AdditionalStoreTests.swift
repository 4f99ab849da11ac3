import TestSupport
import Testing

extension SystemTests {
  /// `additionalimagestores` of storage.conf: images that are used and never changed.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "needs a store of Martlet's"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct AdditionalStoreTests {
    /// A store with the demo image that is only read, and an empty one of our own.
    private struct Stores {
      let session: Session
      var shared: String { session.directory + "/shared" }
      var own: String { session.directory + "/own" }

      static func run(_ body: (Stores) throws -> Void) throws {
        try Session.run { session in
          let stores = Stores(session: session)
          let archive = session.directory + "/demo.tar"
          try session.martlet("save", "-q", "-o", archive, Session.image)
          try session.martlet(
            "--root", stores.shared, "--runroot", stores.shared + ".run", "load", "-q", "-i",
            archive)
          _ = try session.write(
            "[storage.options]\nadditionalimagestores = [\"\(stores.shared)\"]\n",
            to: "storage.conf")
          do { try body(stores) } catch {
            try? stores.remove()
            throw error
          }
          try stores.remove()
        }
      }

      @discardableResult
      func martlet(_ words: String..., exit: Int32 = 0) throws -> CommandResult {
        try session.martlet(
          ["--root", own, "--runroot", own + ".run"] + words, exit: exit,
          environment: ["CONTAINERS_STORAGE_CONF": session.directory + "/storage.conf"])
      }

      /// A shell line as root of the user namespace, in the session's directory.
      @discardableResult
      func inside(_ line: String) throws -> String {
        try session.martlet("unshare", "sh", "-ec", "cd '\(session.directory)'; \(line)").output
      }

      /// Everything that a write would change: a lock file shows in the times of its directory.
      func fingerprint() throws -> String {
        try inside("find shared -printf '%p %s %m %U %T@ %C@\\n' | sort | sha256sum")
      }

      func images(_ filter: String...) throws -> [String] {
        let words = filter.flatMap { ["--filter", $0] }
        return try session.martlet(
          ["--root", own, "images", "--format", "{{.Repository}}:{{.Tag}} {{.ReadOnly}}"] + words,
          environment: ["CONTAINERS_STORAGE_CONF": session.directory + "/storage.conf"]
        ).lines
      }

      private func remove() throws {
        try martlet("system", "reset", "-f")
        try inside("rm -rf shared gone")
      }
    }

    @Test func itsManifestListsAreUsedAndNeverChanged() throws {
      try Stores.run { stores in
        let there = ["--root", stores.shared, "--runroot", stores.shared + ".run"]
        try stores.session.martlet(there + ["manifest", "create", "list:1", Session.image])
        let before = try stores.fingerprint()
        #expect(try stores.images().contains("localhost/list:1 true"))
        #expect(try stores.martlet("manifest", "inspect", "list:1").output.contains("architecture"))
        try stores.martlet("manifest", "exists", "list:1")
        try stores.martlet("run", "--rm", "--network", "none", "list:1", "true")
        let refusals = [
          try stores.martlet("rmi", "list:1", exit: 125),
          try stores.martlet("manifest", "rm", "list:1", exit: 125),
          try stores.martlet("manifest", "annotate", "--index", "list:1", exit: 125),
        ]
        for refusal in refusals { #expect(refusal.standardError.contains("only read")) }
        try stores.martlet("tag", "list:1", "mine:1")
        #expect(try stores.images("readonly=false").contains("localhost/mine:1 false"))
        try stores.martlet("manifest", "annotate", "--index", "--annotation", "a=b", "mine:1")
        try stores.martlet("rmi", "mine:1")
        #expect(try stores.fingerprint() == before)
      }
    }

    @Test(.enabled(if: Registry.isAvailable, "docker-registry or skopeo is missing"))
    func itsManifestListsArePushed() throws {
      try Stores.run { stores in
        let there = ["--root", stores.shared, "--runroot", stores.shared + ".run"]
        try stores.session.martlet(there + ["manifest", "create", "list:1", Session.image])
        let before = try stores.fingerprint()
        try Registry.serving(stores.session.directory + "/demo.tar", as: "demo:1") { address in
          try stores.martlet("push", "-q", "--tls-verify=false", "list:1", "\(address)/a/pushed:1")
          try stores.martlet(
            "manifest", "push", "-q", "--all", "--tls-verify=false", "list:1",
            "docker://\(address)/b/pushed:1")
          for name in ["a/pushed:1", "b/pushed:1"] {
            try stores.session.martlet(
              "--root", stores.own + "2", "--runroot", stores.own + "2.run", "pull", "-q",
              "--tls-verify=false", "\(address)/\(name)")
          }
          try stores.session.martlet(
            "--root", stores.own + "2", "--runroot", stores.own + "2.run", "system", "reset", "-f")
        }
        #expect(try stores.fingerprint() == before)
      }
    }

    @Test func itsImagesAreUsedAndNeverChanged() throws {
      try Stores.run { stores in
        let before = try stores.fingerprint()
        let row = Session.image + " true"
        #expect(try stores.images() == [row])
        #expect(try stores.images("readonly=true") == [row])
        #expect(try stores.images("readonly=false").isEmpty)
        #expect(try stores.martlet("images").lines[0].hasSuffix("R/O"))
        let text = try stores.martlet(
          "run", "--name", "c", "--network", "none", Session.image, "sh", "-c",
          "echo new > /etc/new; cat /srv/www/index.html")
        #expect(text.output == "Hello from a Martlet container.")
        #expect(try stores.martlet("diff", "c").lines.contains("A /etc/new"))
        #expect(
          try stores.martlet("inspect", "-f", "{{.RepoTags}}", Session.image).output
            == "[\(Session.image)]")
        try stores.martlet("history", Session.image)
        try stores.martlet("image", "tree", Session.image)
        try stores.martlet("save", "-q", "-o", stores.session.directory + "/s.tar", Session.image)
        for words in [
          ["rmi", Session.image], ["rmi", "-f", Session.image], ["untag", Session.image],
        ] {
          let refused = try stores.session.martlet(
            ["--root", stores.own] + words, exit: 125,
            environment: ["CONTAINERS_STORAGE_CONF": stores.session.directory + "/storage.conf"])
          #expect(
            refused.standardError.contains("in the store \(stores.shared), which is only read"),
            "\(refused.transcript)")
        }
        try stores.martlet("rm", "c")
        try stores.martlet("rmi", "-a")
        try stores.martlet("system", "prune", "-a", "-f")
        #expect(try stores.martlet("system", "check", "--deep").standardOutput.isEmpty)
        #expect(try stores.images() == [row])
        #expect(
          try stores.inside("find own/images/blobs -type f; ls own/layers | grep ........ || true")
            == "placeholders")
        #expect(try stores.fingerprint() == before)
      }
    }

    /// A new name is one of our own, for an image that borrows what is there.
    @Test func aNewNameIsOurOwn() throws {
      try Stores.run { stores in
        try stores.martlet("tag", Session.image, "localhost/mine:1")
        #expect(try stores.images() == ["localhost/mine:1 false", "\(Session.image) true"])
        #expect(
          try stores.martlet(
            "run", "--rm", "--network", "none", "mine:1", "cat", "/srv/www/index.html"
          ).output == "Hello from a Martlet container.")
        #expect(try stores.martlet("system", "check", "--deep").standardOutput.isEmpty)
        try stores.inside("mv shared gone")
        // It is no longer whole, and that is said with its name.
        let check = try stores.martlet("system", "check", exit: 125).output
        #expect(check.contains("mine:1"), "\(check)")
        try stores.inside("mv gone shared")
        try stores.martlet("rmi", "mine:1")
        #expect(try stores.images() == ["\(Session.image) true"])
      }
    }

    /// Files that somebody else's ids own are unpacked again, from the blobs beside them.
    @Test func anotherOwnersLayersAreUnpackedOnce() throws {
      try Stores.run { stores in
        try stores.inside(
          "chown -R 1:1 shared; chmod -R a+rX shared/images; chmod a+rx shared; chmod 700 shared/layers"
        )
        let before = try stores.fingerprint()
        for _ in 1...2 {
          #expect(
            try stores.martlet(
              "run", "--rm", "--network", "none", Session.image, "stat", "-c", "%u", "/etc/passwd"
            ).output == "0")
        }
        #expect(try stores.images() == ["\(Session.image) true"])
        #expect(try stores.martlet("system", "check", "--deep").standardOutput.isEmpty)
        try stores.martlet("image", "prune", "-f")
        #expect(try stores.inside("ls -d own/layers/????????????????* | wc -l") == "1")
        try stores.martlet("image", "prune", "-a", "-f")
        #expect(try stores.inside("ls own/layers | grep -c ................ || true") == "0")
        #expect(try stores.fingerprint() == before)
      }
    }

    @Test func whatIsGoneOrDamagedIsNamed() throws {
      try Stores.run { stores in
        try stores.martlet(
          "create", "--name", "c", "--network", "none", Session.image, "echo", "hi")
        try stores.inside("mv shared gone")
        let images = try stores.martlet("images")
        #expect(
          images.standardError.contains("store \(stores.shared) of storage.conf is not there"))
        #expect(images.lines.count == 1)
        let refused = try stores.martlet("start", "-a", "c", exit: 125).standardError
        #expect(refused.contains("is not there") && refused.contains("hint: mount"), "\(refused)")
        #expect(
          try stores.martlet("system", "check", exit: 125).output.contains(
            "image store \(stores.shared)"))
        try stores.inside("mv gone shared")
        #expect(try stores.martlet("start", "-a", "c").output == "hi")
        try stores.martlet("rm", "c")

        try stores.inside(
          "f=shared/images/blobs/sha256/$(ls -S shared/images/blobs/sha256 | head -1); "
            + "printf x | dd of=$f bs=1 seek=3000 conv=notrunc status=none")
        let before = try stores.fingerprint()
        let found = try stores.martlet("system", "check", "--repair", exit: 125).output
        #expect(
          found.contains("contents have changed")
            && found.contains("martlet --root \(stores.shared) system check --repair"), "\(found)")
        #expect(try stores.fingerprint() == before)
        try stores.inside("echo junk > shared/images/records/$(ls shared/images/records)")
        #expect(try stores.images().isEmpty)
        #expect(
          try stores.martlet("system", "check", exit: 125).output.contains("record is damaged"))
      }
    }
  }
}
