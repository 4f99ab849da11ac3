import TestSupport
import Testing

extension SystemTests {
  /// A prune takes what is idle, and a container that is about to start is not.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer's prune takes it"))
  struct PruneBesideRunTests {
    @Test func everyRunSucceedsAndGoesOn() throws {
      try OwnStore.run { store in
        let program = try #require(Machine.current?.martlet)
        let result = try store.session.tool(
          "bash", "-c",
          """
          m='\(program) --root \(store.root) --runroot \(store.root).run'; cd \(store.session.directory)
          until [ -e done ]; do $m container prune -f || echo prune failed; done > pruned & prune=$!
          for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
            $m run -d --name r$n --network none \(Session.image) sleep 1000 >/dev/null || echo run $n failed
          done
          touch done; wait $prune; cat pruned
          $m ps --format '{{.State}}' | sort | uniq -c
          # What has ended goes, though its monitor still tidies up.
          $m run -d --name last --network none \(Session.image) true >/dev/null
          $m wait last; $m container prune -f | wc -l
          $m rm -a -f -t 0 | wc -l
          """, deadline: .seconds(120))
        #expect(
          result.lines.map { $0.split(separator: " ") } == [
            ["12", "running"], ["0"], ["1"], ["12"],
          ])
      }
    }
  }
}
