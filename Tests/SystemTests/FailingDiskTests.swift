import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// F13 and F33: a disk whose calls fail, and a caller with next to no means.
  ///
  /// strace(1) makes the calls fail, which works where no device mapper is; it runs inside the user
  /// namespace, for under it newuidmap(1) has no more rights than its caller.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "compares Martlet's own words"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct FailingDiskTests {
    /// Runs shell lines in the user namespace, where `$m` is the program with the test's own store,
    /// `$s` that store and `faulty CALLS ERROR [OPTION...]` runs it under failing calls.
    private func inside(
      _ store: OwnStore, _ lines: String, deadline: Duration = .seconds(60)
    ) throws -> CommandResult {
      let program = try #require(Machine.current?.martlet)
      return try store.session.tool(
        program, "unshare", "sh", "-c",
        """
        s='\(store.root)'; m="\(program) --root $s --runroot $s.run"
        archive='\(store.session.directory)/own.tar'
        faulty() { calls=$1 error=$2; shift 2
          strace -f --seccomp-bpf -qq -o /dev/null -e trace=$calls -e inject=$calls:error=$error "$@" 2>&1; }
        \(lines)
        """, deadline: deadline)
    }

    @Test(
      .enabled(if: Machine.has("strace"), "strace is missing"),
      arguments: [
        ("mkdir,mkdirat", "EDQUOT", "quota"), ("fsync,fdatasync", "EDQUOT", "quota"),
        ("syncfs", "EIO", "input/output"), ("rename,renameat,renameat2", "EDQUOT", "quota"),
      ])
    func aDiskThatRefusesMakesNoHalfImage(calls: String, error: String, word: String) throws {
      try OwnStore.run { store in
        let result = try inside(
          store,
          """
          $m rmi -f \(Session.image) >/dev/null || exit 9
          faulty \(calls) \(error) $m load -q -i $archive; echo "load $?"
          echo "images $($m images -q | wc -l)"
          $m system check --deep; echo "check $?"
          $m load -q -i $archive >/dev/null; echo "again $?"
          $m system check --deep; echo "check $?"
          """)
        #expect(result.output.lowercased().contains(word), "\(result.transcript)")
        #expect(
          result.lines.filter { $0.split(separator: " ").count == 2 } == [
            "load 125", "images 0", "check 0", "again 0", "check 0",
          ], "\(result.transcript)")
      }
    }

    /// One bad sector costs one image, and a load of it heals that.
    @Test(.enabled(if: Machine.has("strace"), "strace is missing"))
    func anUnreadableBlobDamagesItsImageAlone() throws {
      try OwnStore.run { store in
        let blob = try store.inside("ls -S images/blobs/sha256 | head -n 1")
        let other = "localhost/other:1"
        let result = try inside(
          store,
          """
          cd \(store.session.directory) && mkdir other && echo x >other/x
          tar -C other -cf other.tar x && $m import -q other.tar \(other) >/dev/null || exit 9
          bad=$s/images/blobs/sha256/\(blob)
          fails() { strace -f --seccomp-bpf -qq -o /dev/null -P "$bad" -e trace=read,pread64 \\
            -e inject=read,pread64:error=EIO "$@" 2>&1; }
          fails $m save -q -o one.tar \(Session.image) | grep -ci 'input/output'
          fails $m save -q -o two.tar \(other); echo "other $?"
          fails $m system check --deep >found; echo "check $?"
          grep -c \(blob.prefix(12)) found; grep -c '\(other)' found
          fails $m images -q | wc -l
          $m rmi -f \(Session.image) >/dev/null && $m load -q -i $archive >/dev/null; echo "load $?"
          $m system check --deep; echo "check $?"
          """)
        #expect(
          result.lines == ["1", "other 0", "check 125", "1", "0", "2", "load 0", "check 0"],
          "\(result.transcript)")
      }
    }

    /// F04 at every point: the command is killed in the place of its first call that removes or moves
    /// something, of its second, and so on; before that the store is whole, and another try ends it.
    @Test(
      .enabled(if: Machine.has("strace"), "strace is missing"),
      arguments: [
        ("$m load -q -i $archive", "rmi -f \(Session.image)"),
        ("$m load -q -i $archive && $m untag \(Session.image)", "image prune -f"),
        ("$m volume create v && touch $s/volumes/v/_data/x", "volume rm -f v"),
      ])
    func aRemovalKilledAtAnyPointIsFinishedByTheNext(before: String, command: String) throws {
      try OwnStore.run { store in
        let result = try inside(
          store,
          """
          calls=unlink,unlinkat,rename,renameat,renameat2,rmdir; n=0 code=1
          $m rmi -f \(Session.image) >/dev/null || exit 9
          while [ $code != 0 ] && [ $n -lt 12 ]; do
            n=$((n + 1))
            { \(before); } >/dev/null || exit 8
            strace -f -qq -o /dev/null -e trace=$calls -e inject=$calls:signal=KILL:when=$n \\
              $m \(command) >/dev/null 2>&1
            code=$?
            $m system check --quick >killed 2>&1 || { echo "killed at $n:"; cat killed; }
            $m \(command) >/dev/null || echo "again $n: $?"
            $m system check --quick 2>&1
          done
          [ $n -gt 1 ] && echo points
          """, deadline: .seconds(300))
        #expect(result.output == "points", "\(result.transcript)")
      }
    }

    /// Little is enough, or too little is said in one line; nothing is half made.
    @Test(arguments: [
      ("ulimit -n 64", 0, ""), ("ulimit -n 12", 125, "too many open files"),
      ("ulimit -n 10", 125, "too many open files"),
      ("ulimit -f 1", 125, "too large"), ("ulimit -u 1", 125, "temporarily unavailable"),
    ])
    func aCallerWithoutMeansIsTold(limit: String, exit: Int, word: String) throws {
      try OwnStore.run { store in
        try store.martlet("rmi", "-f", Session.image)
        let program = try #require(Machine.current?.martlet)
        let directory = store.session.directory
        let result = try store.session.tool(
          "bash", "-c",
          """
          m="\(program) --root \(store.root) --runroot \(store.root).run"
          (\(limit); $m load -q -i \(directory)/own.tar); echo "load $?"
          $m system check --deep; echo "check $?"
          $m load -q -i \(directory)/own.tar >/dev/null; echo "again $?"
          $m system check --deep; echo "check $?"
          """)
        #expect(
          result.lines.filter { !$0.hasPrefix("Loaded") } == [
            "load \(exit)", "check 0", "again 0", "check 0",
          ], "\(result.transcript)")
        #expect(
          word == "" || result.standardError.lowercased().contains(word), "\(result.transcript)")
        #expect(result.standardError.split(separator: "\n").count <= 2, "\(result.transcript)")
      }
    }
  }
}
