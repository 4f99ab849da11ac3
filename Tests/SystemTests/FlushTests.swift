import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What commands about many names make the disk do, counted by strace(1).
  @Suite(.enabled(if: Machine.has("strace"), "strace is missing"))
  struct FlushTests {
    private static let names = (0..<30).map { "localhost/many-\($0):1" }

    /// Runs a command of the store; how often it flushed, removed files and started programs.
    ///
    /// `inside`: within the user namespace, which nobody enters while he is traced.
    private func counts(
      _ store: OwnStore, _ words: [String], inside: Bool = false
    ) throws -> [String: Int] {
      let trace = store.session.directory + "/trace"
      let calls = "fsync,fdatasync,syncfs,unlink,execve"
      try store.session.shell(
        """
        exec \(inside ? "\"$MARTLET\" unshare " : "")strace -f -qq -o '\(trace)' -e trace=\(calls) \\
          "$MARTLET" \((store.globals + words).joined(separator: " "))
        """)
      var counts: [String: Int] = [:]
      let lines = try String(decoding: Data(contentsOf: .init(filePath: trace)), as: UTF8.self)
        .split(separator: "\n")
      for line in lines where line.hasSuffix(" = 0") {
        let call = line.drop { !$0.isLetter }.prefix { $0 != "(" }
        counts[String(call), default: 0] += 1
      }
      return counts
    }

    /// One flush for the contents of all names, and one for the directory of them all.
    @Test func namingFlushesTheDirectoryOnce() throws {
      try OwnStore.run { store in
        let made = try counts(store, ["tag", Session.image] + Self.names)
        #expect(made["syncfs"] == 1)
        #expect(made["fsync"] == 1)
        let gone = try counts(store, ["untag", Session.image] + Self.names)
        #expect(gone["fsync"] == 1)
        #expect(gone["unlink"] == Self.names.count)
      }
    }

    /// Images of one archive share their flushes: contents, blobs' names, records, names.
    @Test(.enabled(if: Machine.has("python3"), "python3 is missing"))
    func manyImagesOfAnArchiveAreFlushedTogether() throws {
      try OwnStore.run { store in
        let archive = store.session.directory + "/many.tar"
        try store.session.tool("python3", "-c", Self.makeArchive, archive, "40")
        let made = try counts(store, ["load", "-q", "-i", archive], inside: true)
        #expect((1...8).contains(made["syncfs"] ?? 0), "\(made)")
        #expect((1...20).contains(made["fsync"] ?? 0), "\(made)")
        #expect(try store.martlet("images", "-q").lines.count == 40 + 1)
        #expect(try store.martlet("system", "check", "--deep").output == "")
      }
    }

    /// One layer below as many images as the second argument says.
    private static let makeArchive = """
      import hashlib, io, json, sys, tarfile
      layer = io.BytesIO()
      with tarfile.open(fileobj=layer, mode="w") as out:
          out.addfile(tarfile.TarInfo("empty"))
      digest = hashlib.sha256(layer.getvalue()).hexdigest()
      files, manifest = {"layer.tar": layer.getvalue()}, []
      for index in range(int(sys.argv[2])):
          files[f"{index}.json"] = json.dumps({
              "architecture": "amd64", "os": "linux", "config": {"Labels": {"n": str(index)}},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]}}).encode()
          manifest.append({"Config": f"{index}.json", "RepoTags": [f"localhost/one-{index}:1"],
                           "Layers": ["layer.tar"]})
      files["manifest.json"] = json.dumps(manifest).encode()
      with tarfile.open(sys.argv[1], "w") as out:
          for name, data in files.items():
              entry = tarfile.TarInfo(name)
              entry.size = len(data)
              out.addfile(entry, io.BytesIO(data))
      """

    @Test func removalFlushesEachDirectoryOnce() throws {
      try OwnStore.run { store in
        try store.session.martlet(store.globals + ["tag", Session.image] + Self.names)
        let all = try counts(store, ["rmi", "--no-prune"] + Self.names + [Session.image])
        #expect(all["fsync"] == 2)
        #expect(all["unlink"] == Self.names.count + 2)
        #expect(all["execve"] == 1)
        #expect(try store.martlet("images", "-q").output == "")
      }
    }
  }
}
