import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Many objects, other versions and swept directories: F23, F26 and F30.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "looks into Martlet's own store"))
  struct StoreFaultTests {
    /// The shortest of some runs: what else the machine does only adds to it.
    private func shortest(_ runs: Int = 5, _ body: () throws -> Void) throws -> Duration {
      var times: [Duration] = []
      for _ in 0..<runs { times.append(try ContinuousClock().measure { try body() }) }
      return try #require(times.min())
    }

    /// F23, with hundreds: making one more looks at none of those that there are.
    @Test(.enabled(if: Machine.runtime == nil, "no matter which runtime"))
    func manyObjectsCostACreateNothing() throws {
      try OwnStore.run { store in
        func create() throws {
          let id = try store.martlet("create", "--network", "none", Session.image, "true").output
          try store.martlet("rm", id)
        }
        let alone = try shortest { try create() }
        let id = try store.martlet(
          "create", "--network", "none", "--name", "first", "-v", "volume0:/data", Session.image,
          "true"
        ).output
        let names = (1...100).map { "localhost/crowd:\($0)" }
        try store.session.martlet(
          ["--root", store.root, "--runroot", store.root + ".run", "tag", Session.image] + names)
        // Copies of the one container and the one volume, as the commands would have made them.
        try store.session.tool(
          "sh", "-ec",
          """
          cd '\(store.root)'
          seq 250 | awk '{ printf "%064x\\n", $1 }' >ids
          (cd containers; xargs mkdir <../ids)
          (cd volumes; seq -f 'volume%g/_data' 250 | xargs mkdir -p)
          for f in config.json summary; do
            awk -v first=\(id) -v file=$f '
              NR == FNR { text = text $0 "\\n"; next }
              { copy = text; gsub(first, $1, copy); gsub("first", "name" FNR, copy)
                path = "containers/" $1 "/" file; printf "%s", copy >path; close(path) }
            ' containers/\(id)/$f ids
          done
          awk 'NR <= 50 { system("ln -s " $1 " names/name" NR) }' ids
          """)
        #expect(try store.martlet("ps", "-aq").lines.count == 251)
        #expect(try store.martlet("images", "--noheading").lines.count == 101)
        #expect(try store.martlet("volume", "ls", "-q").lines.count == 251)
        #expect(try store.martlet("inspect", "-f", "{{.Id}}", "name16").output.hasSuffix("010"))
        let crowded = try shortest { try create() }
        // A walk over all of them would be many times as long.
        #expect(crowded < alone * 2 + .milliseconds(20), "\(alone) became \(crowded)")
        let list = try shortest { try store.martlet("ps", "-a") }
        #expect(list < .seconds(2), "ps took \(list)")
        // The end of the test need not remove them one by one.
        try store.session.tool(
          "sh", "-ec", "cd '\(store.root)'; (cd containers; xargs rm -r <../ids); rm -r volumes/*")
      }
    }

    /// F26: the programs are replaced while containers run, by others that know more fields.
    @Test(.enabled(if: Machine.runtime == nil, "no matter which runtime"))
    func containersOutliveAnUpgrade() throws {
      try Session.run { session in
        let program = try #require(Machine.current?.martlet)
        let result = try session.shell(
          """
          p=$PWD/prefix; from=$(dirname "$(dirname "\(program)")")
          upgrade() { rm -rf "$p"; mkdir "$p"; cp -R "$from/bin" "$p/bin"
            if [ -d "$from/libexec" ]; then cp -R "$from/libexec" "$p/libexec"; fi; }
          upgrade; m=$p/bin/martlet
          $m run -d --name kept --network none --restart always --health-cmd true \
            --health-interval 100ms \(Session.image) sleep 300 >/dev/null
          $m run -d --rm --name leaving --network none \(Session.image) sleep 300 >/dev/null
          upgrade
          d=$($m inspect -f '{{.StaticDir}}' kept); s=$(dirname "$($m inspect -f '{{.PidFile}}' kept)")
          sed -i 's/^{/{"later":{"field":[1]},/' "$d/config.json"
          echo 'later field' >>"$d/summary"; echo 'later field' >>"$s/state"
          $m ps --format '{{.Names}}' | sort
          $m exec kept echo works
          # Not by `kill`, which ends the policy.
          $m unshare kill -9 "$($m inspect -f '{{.State.Pid}}' kept)"
          until [ "$($m inspect -f '{{.State.Running}} {{.RestartCount}}' kept)" = 'true 1' ]; do
            sleep 0.05
          done
          echo restarted
          $m update --restart no kept
          $m rename kept other
          $m stop -t 0 other leaving
          until [ "$($m ps -a --format '{{.Names}} {{.State}}')" = 'other exited' ]; do
            sleep 0.05
          done
          upgrade
          $m start other; $m inspect -f '{{.State.Status}}' other; $m rm -f -t 0 other
          rm -rf "$p"
          """)
        #expect(
          result.lines == [
            "kept", "leaving", "works", "restarted", "kept", "other", "leaving", "other",
            "running", "other",
          ], "\(result.transcript)")
      }
    }

    /// F26: who cannot read a store says so, and touches nothing.
    @Test(arguments: ["format 2\n", "format 99\nwriter martlet 9\n", "format two\n", "\n"])
    func aStoreOfANewerVersionIsRefused(format: String) throws {
      try OwnStore.run { store in
        let id = try store.martlet("create", "--network", "none", Session.image, "true").output
        let path = store.root + "/format"
        try Data(format.utf8).write(to: URL(filePath: path))
        for words in [["ps", "-a"], ["rm", id], ["images"], ["system", "prune", "-f"]] {
          let result = try store.session.martlet(
            ["--root", store.root, "--runroot", store.root + ".run"] + words, exit: 125)
          #expect(result.standardError.contains("newer version"), "\(result.transcript)")
          #expect(result.standardError.contains(store.root), "\(result.transcript)")
        }
        try Data("format 1\n".utf8).write(to: URL(filePath: path))
        #expect(try store.martlet("ps", "-aq", "--no-trunc").output == id)
      }
    }

    /// F30: what sweeps /tmp and /var/tmp finds nothing of a container's there.
    @Test(.enabled(if: Surroundings.areAvailable, "user namespaces are restricted"))
    func nothingThatIsNeededIsTemporary() throws {
      try Session.run { session in
        try session.shell("printf secret | $MARTLET secret create swept -")
        _ = try session.startSleeper(
          name: "needy", "--secret", "swept", "-v", "swept:/data", "--health-cmd", "true",
          "--tmpfs", "/scratch", "--restart", "always", "-p", "127.0.0.1::80", "--network",
          "none")
        let id = try session.startSleeper(name: "typed", "-t", "-i")
        let ids = try ["needy", "typed"].flatMap {
          try session.inspect($0, "{{.State.Pid}} {{.State.ConmonPid}}").split(separator: " ")
        }
        // Neither a file in the directory for temporary ones, nor one of them open anywhere.
        let found = try session.shell(
          """
          find "${TMPDIR:?}" -mindepth 1
          for id in \(ids.joined(separator: " ")); do
            ls -l /proc/$id/fd /proc/$id/cwd 2>/dev/null
          done | grep -F -e " $TMPDIR/" -e " /var/tmp/" || true
          """)
        #expect(found.output == "", "\(found.transcript)")
        try session.shell("find \"${TMPDIR:?}\" -mindepth 1 -delete")
        #expect(try session.martlet("exec", "typed", "echo", "well").output == "well")
        try session.martlet("restart", "-t", "0", "needy")
        #expect(
          try session.martlet("exec", "needy", "cat", "/run/secrets/swept").output == "secret")
        try session.martlet("rm", "-f", "-t", "0", "needy", id)
        try session.martlet("volume", "rm", "swept")
        try session.martlet("secret", "rm", "swept")
      }
    }
  }
}
