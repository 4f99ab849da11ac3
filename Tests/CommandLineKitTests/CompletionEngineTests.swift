import CommandLineKit
import Testing

@Suite struct CompletionEngineTests {
  @Test(
    arguments: [
      (["r"], ["run", "rename"]), (["container", "l"], ["ls"]), (["con"], ["container"]),
      (["run", "--na"], ["--name"]), (["run", "--pull=n"], ["--pull=never"]),
      (["run", "--network", "n"], ["network-1"]),
      (["run", "--network=n"], ["--network=network-1"]),
      (["run", ""], ["image-1"]), (["run", "-it", ""], ["image-1"]), (["run", "-ite", ""], []),
      (["--root", "x", "rename", ""], ["container-1"]), (["rename", "a", ""], []),
      (["run", "--secr"], []), (["run", "--detach=f"], ["--detach=false"]), (["bogus", ""], []),
      (["run", "img", "-"], []),
      (["ps", "-"], ["--all", "-a", "--filter", "-f", "--root", "--debug", "-D", "--help"]),
    ] as [([String], [String])])
  func offersWhatMayStandThere(words: [String], expected: [String]) {
    let engine = CompletionEngine(sampleTree()) { kind in [.init("\(kind.rawValue)-1")] }
    #expect(engine.answer(words).candidates.map(\.text) == expected)
  }

  @Test func pathsAreLeftToTheShell() {
    let engine = CompletionEngine(sampleTree()) { _ in [] }
    #expect(engine.answer(["--root", ""]).text == ":directory\n")
    #expect(engine.answer(["con"]).text == "container\tWork with containers\n:none\n")
  }

  @Test(arguments: CompletionScript.allCases) func scriptsAskTheProgram(script: CompletionScript) {
    let text = script.text(for: "martlet")
    #expect(text.contains("__complete"))
    #expect(!text.contains("PROGRAM"))
  }
}
