import Testing

/// Who may import whom, with the reason in the failure's message.
@Suite struct LayeringTests {
  private static let toolchain: Set<String> = [
    "Swift", "Glibc", "Foundation", "FoundationEssentials", "Testing", "Synchronization",
    "Dispatch", "RegexBuilder",
  ]

  @Test(arguments: try SourceFile.all(in: "Sources"))
  func importsFollowTheArrows(file: SourceFile) throws {
    let allowed = try #require(
      Layers.arrows[file.module],
      "\(file.module) is in no layer: add it to Layers.arrows, with a note in contrib/design")
    for (line, module) in file.imports where !Self.toolchain.contains(module) {
      #expect(
        allowed.contains(module),
        "\(file.path):\(line): \(file.module) may not import \(module): the arrow is not in the architecture; move the code, or let an operation of Engine call both"
      )
    }
  }

  @Test(arguments: try SourceFile.all(in: "Sources"))
  func systemModulesStayWhereTheyBelong(file: SourceFile) {
    for (line, module) in file.imports {
      let place = "\(file.path):\(line)"
      switch module {
      case "Glibc":
        #expect(
          Layers.systemCalls.contains(file.module),
          "\(place): only LinuxSystem and programs import Glibc, so that each kernel call has one typed wrapper with its errno"
        )
      case "CLinux":
        #expect(
          file.module == "LinuxSystem",
          "\(place): only LinuxSystem imports CLinux, so that -errno results are turned into errors in one place"
        )
      case "Foundation":
        Issue.record(
          "\(place): Foundation costs milliseconds at each start and threads; FoundationEssentials has JSON"
        )
      case "Dispatch":
        Issue.record(
          "\(place): Dispatch starts threads, and a process with threads cannot enter a user namespace (setns(2))"
        )
      default: break
      }
    }
  }

  @Test(arguments: try SourceFile.all(in: "Sources"))
  func pointersStayWhereCIs(file: SourceFile) {
    if Layers.pointers.contains(file.module) { return }
    if file.imports.contains(where: { Layers.pointerLibraries.contains($0.module) }) { return }
    for line in file.lines(withCode: "unsafe") {
      Issue.record(
        "\(file.path):\(line): unsafe code stands only in LinuxSystem and the wrappers of C libraries; offer a safe call there"
      )
    }
  }

  @Test func arrowsHaveNoCycle() {
    #expect(Layers.cycle(in: Layers.arrows) == [])
    #expect(Layers.cycle(in: ["A": ["B"], "B": ["C"], "C": ["B"]]) == ["A", "B", "C"])
  }

  @Test func arrowsLeadToModules() {
    for (module, targets) in Layers.arrows {
      #expect(
        targets.isSubset(of: Layers.arrows.keys), "\(module) has an arrow to no module of the table"
      )
    }
  }

  @Test(arguments: [
    ("import Model", "Model"), ("public import struct Model.Digest", "Model"),
    ("@testable import Engine", "Engine"), ("  private import Glibc", "Glibc"),
  ])
  func recognisesImports(line: String, module: String) {
    let file = SourceFile(module: "X", path: "Sources/X/X.swift", lines: [Substring(line)])
    #expect(file.imports.map(\.module) == [module])
  }

  @Test(arguments: [
    ("let x = unsafe f()", [1]), ("// unsafe in prose", []), (#"print("unsafe words")"#, []),
    ("withUnsafeBytes { }", []), ("unsafely()", []),
  ])
  func findsWordsOfCode(line: String, expected: [Int]) {
    let file = SourceFile(module: "X", path: "Sources/X/X.swift", lines: [Substring(line)])
    #expect(file.lines(withCode: "unsafe") == expected)
  }
}
