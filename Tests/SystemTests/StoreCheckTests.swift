import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// `system check`: what it finds and mends.
  @Suite(.enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct StoreCheckTests {
    @Test func findsNothingInAGoodStore() throws {
      try OwnStore.run { store in
        for mode in ["--quick", "--deep", "--repair"] {
          let result = try store.martlet("system", "check", mode)
          #expect(result.standardOutput.isEmpty, "\(mode): \(result.transcript)")
        }
      }
    }

    /// Damage by a shell line, and a word that the report must have.
    private static let damages: [(line: String, word: String)] = [
      ("rm images/blobs/sha256/$(ls -S images/blobs/sha256 | head -1)", "is missing"),
      ("echo x >> images/blobs/sha256/$(ls -S images/blobs/sha256 | head -1)", "bytes instead of"),
      (
        "f=images/blobs/sha256/$(ls -S images/blobs/sha256 | head -1); "
          + "printf x | dd of=$f bs=1 seek=3000 conv=notrunc status=none", "contents have changed"
      ),
      ("rm -r layers/????????????????*", "is missing"), ("rm layers/*/layer", "record is missing"),
      ("echo junk > $(ls -d layers/*/layer)", "record is damaged"), ("rm layers/l/*", "short name"),
      ("rm -r layers/*/diff", "files are missing"),
      ("echo junk > images/records/$(ls images/records)", "record is damaged"),
      ("rm images/records/*", "stands for is missing"),
      ("echo junk > images/names/$(ls images/names)", "record is damaged"),
    ]

    @Test(arguments: damages.indices) func namesDamage(index: Int) throws {
      let damage = Self.damages[index]
      try OwnStore.run { store in
        try store.inside(damage.line)
        let result = try store.martlet("system", "check", exit: 125)
        #expect(result.standardOutput.contains(damage.word), "\(damage.line): \(result.transcript)")
        // Looking changes nothing.
        let again = try store.martlet("system", "check", exit: 125)
        #expect(again.standardOutput == result.standardOutput)
      }
    }

    /// F31: one byte of an unpacked file.
    @Test func findsOneByteOfAFile() throws {
      try OwnStore.run { store in
        try store.inside(
          "printf x | dd of=$(ls layers/*/diff/srv/www/index.html) bs=1 conv=notrunc status=none")
        try store.martlet("system", "check")
        let found = try store.martlet("system", "check", "--deep", exit: 125).standardOutput
        #expect(found.contains("srv/www/index.html has other contents"), "\(found)")
        let mended = try store.martlet("system", "check", "--deep", "--repair").standardOutput
        #expect(mended.contains("(mended)"), "\(mended)")
        #expect(try store.martlet("system", "check", "--deep").standardOutput.isEmpty)
        let text = try store.martlet(
          "run", "--rm", "--network", "none", Session.image, "cat", "/srv/www/index.html"
        ).output
        #expect(text == "Hello from a Martlet container.")
      }
    }

    @Test(arguments: [3, 4, 5, 6, 7, 8, 9, 10]) func mendsWithoutARegistry(index: Int) throws {
      try OwnStore.run { store in
        try store.inside(Self.damages[index].line)
        let result = try store.martlet("system", "check", "--repair")
        #expect(result.standardOutput.contains("(mended)"), "\(result.transcript)")
        #expect(try store.martlet("system", "check", "--deep").standardOutput.isEmpty)
      }
    }

    @Test func keepsContainersAndVolumes() throws {
      try OwnStore.run { store in
        try store.martlet(
          "run", "--name", "kept", "-v", "data:/d", "--network", "none", Session.image, "sh", "-c",
          "echo mine > /own; echo ours > /d/f")
        try store.inside("rm images/blobs/sha256/$(ls -S images/blobs/sha256 | head -1)")
        let result = try store.martlet("system", "check", "--force", exit: 125)
        #expect(result.standardOutput.contains("containers use the image"), "\(result.transcript)")
        #expect(try store.inside("cat containers/*/upper/own volumes/data/_data/f") == "mine\nours")
        try store.martlet("rm", "kept")
        #expect(
          try store.martlet("system", "check", "--force").standardOutput.contains("was removed"))
        #expect(try store.martlet("images", "-q").output.isEmpty)
        #expect(try store.inside("cat volumes/data/_data/f") == "ours")
      }
    }

    /// Documents of an image, by a shell line that removes one, and what then has to remove the image.
    @Test(
      arguments: ["manifest", "config", "both"],
      ["rmi -f ID", "rmi -f NAME", "rmi -f -a", "image prune -a -f", "system reset -f"])
    func aDamagedImageCanBeRemoved(lost: String, command: String) throws {
      try OwnStore.run { store in
        let id = try store.martlet("image", "inspect", "-f", "{{.Id}}", Session.image).output
          .replacing("sha256:", with: "")
        let blobs = "images/blobs/sha256"
        if lost != "config" {
          try store.inside("rm $(grep -l '\"layers\":' \(blobs)/* | head -1)")
        }
        if lost != "manifest" { try store.inside("rm \(blobs)/\(id)") }
        try store.martlet("system", "check", exit: 125)
        let words = command.split(separator: " ").map {
          $0 == "ID" ? id : $0 == "NAME" ? Session.image : String($0)
        }
        let result = try store.session.martlet(store.globals + words)
        #expect(result.standardError.isEmpty, "\(result.transcript)")
        #expect(try store.martlet("images", "-a", "-q").standardOutput.isEmpty)
        #expect(try store.martlet("system", "check").standardOutput.isEmpty)
      }
    }

    @Test func removesLeftovers() throws {
      try OwnStore.run { store in
        try store.inside(
          """
          mkdir -p layers/ingest-dead/diff layers/trash-1 images/ingest/load-x containers/new-dead
          mkdir -p trash/gone names; echo 1 > images/ingest/load-x/1; touch images/ingest/load-x/lock
          ln -s 0000 names/nobody; touch -d '2 days ago' images/ingest/old.part
          touch images/ingest/young.part
          """)
        let found = try store.martlet("system", "check")
        #expect(found.lines.count == 7, "\(found.transcript)")
        let mended = try store.martlet("system", "check", "--repair")
        #expect(mended.lines.count == 7 && mended.lines.allSatisfy { $0.hasSuffix("(removed)") })
        #expect(try store.martlet("system", "check").standardOutput.isEmpty)
        #expect(try store.names("images/ingest") == ["young.part"])
        try store.martlet("system", "check", "--repair", "--max", "0s")
        #expect(try store.names("images/ingest").isEmpty)
      }
    }
  }
}
