import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Power cuts, full disks, and many commands at once.
  @Suite(.enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct CrashTests {
    /// F10: every prefix of what a command wrote, as a disk could hold it.
    @Test(.enabled(if: Machine.has("strace") && Machine.has("python3"), "strace is missing"))
    func aPowerCutLeavesWholeImages() throws {
      try Session.run { session in
        let script = try #require(Self.script, "Tests/power-cut is not readable")
        let program = try #require(Machine.current?.martlet)
        let place = session.directory + "/cut"
        let result = try session.martlet(
          "unshare", "sh", "-c",
          "mkdir '\(place)' && python3 - '\(program)' '\(place)' 7; s=$?; rm -rf '\(place)'; exit $s",
          input: script)
        let rows = result.lines.filter { $0.hasPrefix("| ") }.dropFirst()
        #expect(rows.count == 14, "\(result.transcript)")
        #expect(rows.allSatisfy { $0.hasSuffix("| 0 |") }, "\(result.transcript)")
      }
    }

    /// Whatever 64 commands on the same images do at once, all succeed and the store is whole.
    @Test func sixtyFourAtOnceAllSucceed() throws {
      try OwnStore.run { store in
        let archive = store.session.directory + "/own.tar"
        let program = try #require(Machine.current?.martlet)
        let script = """
          m="\(program) --root \(store.root) --runroot \(store.root).run"; i=0; jobs=
          while [ $i -lt 64 ]; do
            case $((i % 8)) in
            0) $m load -q -i \(archive) ;;
            1) $m tag \(Session.image) localhost/t:$i && $m rmi localhost/t:$i ;;
            2) $m run --rm --network none \(Session.image) true ;;
            3) $m images -q ;;
            4) $m image prune -f ;;
            5) $m run --rm --network none --userns keep-id \(Session.image) true ;;
            6) $m save -q -o \(store.session.directory)/s$i.tar \(Session.image) ;;
            7) $m system check --quick ;;
            esac > \(store.session.directory)/out.$i 2>&1 &
            jobs="$jobs $!"; i=$((i + 1))
          done
          i=0; for j in $jobs; do
            wait $j || { echo "command $i: $?"; cat \(store.session.directory)/out.$i; }
            i=$((i + 1))
          done
          """
        let result = try store.session.tool("bash", "-c", script, deadline: .seconds(300))
        #expect(result.output == "", "\(result.transcript)")
        let check = try store.martlet("system", "check", "--deep")
        #expect(check.output == "", "\(check.transcript)")
        #expect(try store.martlet("images", "-q").lines.count == 1)
      }
    }

    /// F12 and F13 on a small filesystem of memory: what `line` does to it must make `load` fail with
    /// a word of why, and everything can be deleted all the same.
    @Test(arguments: [
      ("size=3m", "true", "space"), ("size=40m,nr_inodes=90", "true", "space"),
      ("size=40m", "mount -o remount,ro .", "read-only"),
      ("size=40m", "dd if=/dev/zero of=fill bs=64k 2> /dev/null || true", "space"),
      ("size=40m", "ulimit -f 100", "too large"),
    ])
    func aFullDiskIsToldAndEmptied(options: String, line: String, word: String) throws {
      try Session.run { session in
        let archive = session.directory + "/a.tar"
        try session.martlet("save", "-q", "-o", archive, Session.image)
        let program = try #require(Machine.current?.martlet)
        let result = try session.martlet(
          "unshare", "sh", "-c",
          """
          cd '\(session.directory)' && mkdir small && mount -t tmpfs -o \(options) none small || exit 9
          cd small; m="\(program) --root $PWD/store --runroot \(session.directory)/run"
          $m system check || exit 8
          (\(line); $m load -q -i \(archive) 2>&1 && echo "it was loaded"); ls store/images/names
          mount -o remount,rw . ; $m system check --quick || exit 7
          $m rmi -a -f || exit 6; $m image prune -f || exit 5; rm -f fill
          $m load -q -i \(archive); [ \(options) = size=40m ] && $m system check --deep || true
          $m system df --format '{{.Total}}' | head -1
          """)
        #expect(result.output.lowercased().contains(word), "\(result.transcript)")
        #expect(!result.output.contains("it was loaded"), "\(result.transcript)")
        #expect(result.lines.last == (options == "size=40m" ? "1" : "0"), "\(result.transcript)")
      }
    }

    /// Removing needs no free byte.
    @Test func removesEverythingFromAFullDisk() throws {
      try Session.run { session in
        let archive = session.directory + "/a.tar"
        try session.martlet("save", "-q", "-o", archive, Session.image)
        let program = try #require(Machine.current?.martlet)
        let result = try session.martlet(
          "unshare", "sh", "-c",
          """
          cd '\(session.directory)' && mkdir small && mount -t tmpfs -o size=40m none small || exit 9
          cd small; m="\(program) --root $PWD/store --runroot \(session.directory)/run"
          $m load -q -i \(archive) && $m create --network none \(Session.image) true || exit 8
          dd if=/dev/zero of=fill bs=64k 2> /dev/null; dd if=/dev/zero of=fill2 bs=1 2> /dev/null
          $m rm -a -f && $m rmi -a -f && $m system prune -a -f --volumes || exit 7
          find store/layers store/images/blobs -type f | grep -v placeholders; $m images -q
          """)
        #expect(!result.output.contains("layers/"), "\(result.transcript)")
      }
    }

    private static var script: String? {
      let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
      let data = FileManager.default.contents(atPath: "/\(folder)/power-cut")
      return data.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
