import TestSupport
import Testing

extension SystemTests {
  /// F20 and F21: one image is pulled, run, removed and pruned by many at once, while others read.
  @Suite(
    .enabled(if: Machine.current?.isPeer == false, "reads Martlet's own words"),
    .enabled(if: Machine.runtime == nil, "no matter which runtime"))
  struct ConcurrentStoreTests {
    /// What a command may say when another was faster; everything else is an error.
    private static let races =
      "image not known|no such object|was removed by another command|image is in use by a container|is missing from the store"

    /// `$m` is the program with the store, `$i` the image's name.
    private static let script = """
      races='\(races)'; cd "$t"
      # try NAME COMMAND...: says so when the command fails for another reason than a lost race.
      try() {
        name=$1; shift
        "$@" >"$name.out" 2>"$name.err" || { code=$?
          [ $code -lt 126 ] && grep -qE "$races" "$name.err" || { echo "$name: exit $code"; cat "$name.err"; }; }
      }
      repeat() { name=$1; shift; for n in 1 2 3 4 5 6 7 8 9 10; do try "$name" "$@"; done; }
      # What is read is a whole document at any time, or the image is not there.
      reader() {
        name=$1; shift
        until [ -e done ]; do
          start=${EPOCHREALTIME/./}
          try "$name" "$@"
          echo $(((${EPOCHREALTIME/./} - start) / 1000)) >>"$name.ms"
          jq -e . "$name.out" >/dev/null 2>"$name.jq" || { echo "$name is no JSON:"; cat "$name.out"; }
        done
      }
      $m pull -q --tls-verify=false "$i" >/dev/null || exit 9
      reader images $m images --format json & readers=$!
      reader ps $m ps -a --format json & readers="$readers $!"
      reader inspect $m image inspect "$i" & readers="$readers $!"
      repeat pull1 $m pull -q --tls-verify=false "$i" & workers=$!
      repeat pull2 $m pull -q --policy always --tls-verify=false "$i" & workers="$workers $!"
      repeat run $m run --rm --network none --tls-verify=false "$i" true & workers="$workers $!"
      repeat rmi $m rmi "$i" & workers="$workers $!"
      repeat prune $m image prune -a -f & workers="$workers $!"
      wait $workers; touch done; wait $readers
      sort -n *.ms | tail -n 1
      """

    @Test(
      .enabled(if: Registry.isAvailable, "docker-registry or skopeo is missing"),
      .enabled(if: Machine.has("jq"), "jq is missing"))
    func onlyRacesAreLost() throws {
      try OwnStore.run { store in
        let program = try #require(Machine.current?.martlet)
        try Registry.serving(store.session.directory + "/own.tar", as: "demo:1") { address in
          try store.martlet("rmi", "-f", Session.image)
          let result = try store.session.tool(
            "bash", "-c",
            """
            m='\(program) --root \(store.root) --runroot \(store.root).run'
            i=\(address)/demo:1; t=\(store.session.directory); \(Self.script)
            """, deadline: .seconds(300))
          #expect(result.lines.count == 1, "\(result.transcript)")
          // Whoever reads waits for nobody; how long a machine with much to do takes is its affair.
          let longest = Int(result.lines.last ?? "") ?? .max
          #expect(longest < 60_000, "\(longest) ms")
          #expect(try store.martlet("system", "check", "--deep").output == "")
          #expect(try store.martlet("ps", "-aq").output == "")
          try store.martlet(
            "run", "--rm", "--network", "none", "--tls-verify=false", "\(address)/demo:1", "true")
        }
      }
    }
  }
}
