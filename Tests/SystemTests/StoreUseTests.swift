import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// `system df`, `prune` and `reset`, and the lesser commands on images.
  @Suite(.enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct StoreUseTests {
    /// Bytes as du(1) counts them.
    private func used(_ store: OwnStore, _ paths: String) throws -> Int {
      let lines = try store.inside("du -s --block-size=1 -c \(paths) | tail -1")
      return Int(lines.split(separator: "\t")[0]) ?? -1
    }

    @Test func countsAsDuDoes() throws {
      try OwnStore.run { store in
        try store.martlet(
          "run", "--name", "one", "-v", "vol:/v", "--network", "none", Session.image, "sh", "-c",
          "head -c 3000000 /dev/zero > /big; cp /big /v/; ln /v/big /v/again")
        let output = try store.martlet("system", "df", "--format", "{{.Type}} {{.RawSize}}").lines
        for (line, paths) in zip(output, ["images layers", "containers/*", "volumes/*"]) {
          let told = Int(line.split(separator: " ").last ?? "") ?? -1
          let real = try used(store, paths)
          #expect(abs(told - real) * 100 <= real, "\(line), du: \(real)")
        }
        let verbose = try store.martlet("system", "df", "-v").standardOutput
        #expect(verbose.contains("one") && verbose.contains("vol"), "\(verbose)")
        try store.martlet("system", "df", "-v", "--format", "json", exit: 125)
      }
    }

    @Test func prunesWhatNothingUses() throws {
      try OwnStore.run { store in
        for name in ["a", "b"] {
          try store.martlet(
            "run", "-d", "--name", name, "-v", "\(name):/v", "--network", "none", "--label",
            "of=\(name)", Session.image, "sleep", name == "a" ? "300" : "0")
        }
        try store.martlet("wait", "b")
        #expect(try store.martlet("system", "prune", input: "n\n").output.isEmpty)
        try store.martlet("system", "prune", "-f", "--filter", "label=of=a")
        #expect(try store.martlet("ps", "-aq").lines.count == 2)
        let gone = try store.martlet("system", "prune", "-a", "-f", "--volumes").standardOutput
        #expect(gone.contains("Deleted Containers") && gone.contains("Deleted Volumes"), "\(gone)")
        #expect(try store.martlet("ps", "-a", "--format", "{{.Names}}").output == "a")
        #expect(try store.names("volumes") == ["a"])
        #expect(try store.martlet("images", "-q").lines.count == 1)
        try store.martlet("rm", "-f", "-t", "0", "a")
        try store.martlet("system", "prune", "-a", "-f", "--volumes")
        #expect(try store.martlet("images", "-q").output.isEmpty)
        #expect(try store.names("layers").sorted() == ["l", "placeholders"])
        #expect(try store.names("images/blobs/sha256").isEmpty)
        #expect(try store.names("volumes").isEmpty)
      }
    }

    @Test func resetsToNothing() throws {
      try OwnStore.run { store in
        try store.martlet(
          "run", "-d", "-v", "v:/v", "--network", "none", Session.image, "sleep", "300")
        #expect(try store.martlet("system", "reset", input: "no\n").output.isEmpty)
        #expect(try store.martlet("ps", "-q").lines.count == 1)
        try store.martlet("system", "reset", "--force")
        #expect(try store.names("").isEmpty)
        #expect(try store.martlet("ps", "-aq").output.isEmpty)
      }
    }

    @Test func showsTheTree() throws {
      try OwnStore.run { store in
        let lines = try store.martlet("image", "tree", Session.image).lines
        #expect(lines[0].hasPrefix("Image ID: ") && lines[3] == "Image Layers")
        #expect(lines.last?.contains("Top Layer of: [\(Session.image)]") == true)
        let users = try store.martlet("image", "tree", "--whatrequires", Session.image).lines
        #expect(users.last == lines.last)
      }
    }

    @Test func mountsInsideTheNamespace() throws {
      try OwnStore.run { store in
        try store.martlet("image", "mount", Session.image, exit: 125)
        let script = """
          m="$MARTLET --root \(store.root)"; p=$($m image mount \(Session.image))
          cat $p/srv/www/index.html; ! touch $p/new 2>/dev/null; $m image mount
          $m image unmount -a; ! test -e $p/srv
          """
        let program = try #require(Machine.current?.martlet)
        let output = try store.inside("MARTLET='\(program)'; \(script)")
        #expect(
          output.hasPrefix("Hello from a Martlet container.\n\(Session.image) /"), "\(output)")
      }
    }

    @Test(arguments: ["docker-archive", "oci-archive", "oci-dir", "docker-dir"])
    func savesAndLoadsEveryFormat(format: String) throws {
      try OwnStore.run { store in
        let place = store.session.directory + "/saved"
        let id = try store.martlet("images", "-q", "--no-trunc").output
        for flags in [[], ["--uncompressed"], format == "docker-dir" ? ["--compress"] : []] {
          try store.session.tool("rm", "-rf", place)
          try store.session.martlet(
            ["--root", store.root, "save", "-q", "--format", format, "-o", place] + flags
              + [Session.image])
          try store.martlet("rmi", Session.image)
          try store.martlet("load", "-q", "-i", place)
          #expect(try store.martlet("images", "-q", "--no-trunc").output == id)
          if format == "docker-dir" { try store.martlet("tag", id, Session.image) }
        }
        #expect(try store.martlet("system", "check", "--deep").standardOutput.isEmpty)
      }
    }

    @Test(arguments: ["gzip", "xz", "bzip2", "zstd"]) func loadsCompressedArchives(tool: String)
      throws
    {
      guard Machine.has(tool) else { return }
      try OwnStore.run { store in
        let path = store.session.directory + "/a.tar"
        try store.martlet("tag", Session.image, "localhost/second:2")
        try store.martlet("save", "-q", "-m", "-o", path, Session.image, "localhost/second:2")
        try store.session.tool("sh", "-c", "\(tool) -c \(path) > \(path).z")
        try store.martlet("rmi", "-a", "-f")
        let loaded = try store.martlet("load", "-i", path + ".z").lines
        #expect(
          loaded.sorted() == [
            "Loaded image: \(Session.image)", "Loaded image: localhost/second:2",
          ])
      }
    }

    @Test func filtersImages() throws {
      try OwnStore.run { store in
        try store.martlet("tag", Session.image, "localhost/second:2")
        let id = try store.martlet("images", "-q").lines[0]
        for (filter, count) in [
          ("dangling=true", 0), ("dangling=false", 2), ("reference=second", 1),
          ("reference=*demo*", 1), ("id=\(id)", 2), ("containers=true", 0), ("readonly=true", 0),
          ("manifest=true", 0), ("manifest=false", 2), ("external=true", 0),
          ("intermediate=false", 2), ("label=org.opencontainers.image.title", 2),
          ("label!=org.opencontainers.image.title", 0), ("until=1h", 0),
        ] {
          let rows = try store.martlet("images", "-n", "--filter", filter).lines
          let expected = filter == "until=1h" ? rows.count : count
          #expect(rows.count == expected, "\(filter): \(rows)")
        }
        try store.martlet("images", "--filter", "colour=red", exit: 125)
        #expect(
          try store.martlet("images", "-n", "--history", "--digests").lines[0].contains("second:2"))
      }
    }

    /// `--userns keep-id`: who owns the image's files inside, and that they were not copied.
    @Test(arguments: ["keep-id", "keep-id:uid=5,gid=6"])
    func mapsOwnersWithoutCopying(mode: String) throws {
      try OwnStore.run { store in
        let output = try store.martlet(
          "run", "--rm", "--network", "none", "--userns", mode, Session.image, "sh", "-c",
          "cat /srv/www/index.html; stat -c '%u:%g' /bin/busybox; sha256sum /bin/busybox"
        ).lines
        #expect(output.prefix(2) == ["Hello from a Martlet container.", "0:0"], "\(output)")
        let plain = try store.martlet(
          "run", "--rm", "--network", "none", Session.image, "sha256sum", "/bin/busybox")
        #expect(output.last == plain.output)
        let changed = try store.martlet(
          "run", "--rm", "--network", "none", "--userns", mode, "--user", "0", Session.image, "sh",
          "-c", "echo more >> /srv/www/index.html; mv /srv/www /srv/w; cat /srv/w/index.html")
        #expect(changed.lines == ["Hello from a Martlet container.", "more"])
        let parts = try store.inside("ls layers/mapped/* && du -sk layers/mapped | cut -f1").split(
          separator: "\n")
        // Kernels before 6.16 need a copy.
        if parts[0] == "refer" { #expect(Int(parts[1]) ?? .max < 1_000, "\(parts)") }
        #expect(try store.martlet("system", "check", "--deep").output == "")
      }
    }

    /// A store that is somewhere else by now, as after a home directory was moved.
    @Test func worksAfterAMove() throws {
      try OwnStore.run { store in
        try store.martlet("create", "--name", "c", "--network", "none", Session.image, "true")
        let moved = store.root + ".moved"
        try store.session.tool("mv", store.root, moved)
        let prefix = ["--root", moved, "--runroot", store.root + ".run"]
        try store.session.martlet(prefix + ["start", "-a", "c"])
        try store.session.martlet(prefix + ["system", "check", "--deep"])
        try store.session.martlet(prefix + ["rm", "c"])
        try store.session.tool("mv", moved, store.root)
      }
    }
  }
}
