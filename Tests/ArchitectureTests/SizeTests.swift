import Testing

/// Limits that keep a file readable at one sitting, and the tree free of unfinished work.
@Suite struct SizeTests {
  private static func files() throws -> [SourceFile] {
    try SourceFile.all(in: "Sources") + SourceFile.all(in: "Tests")
  }

  @Test(arguments: try files()) func filesAreShort(file: SourceFile) {
    #expect(
      file.lines.count <= 401,
      "\(file.path) has \(file.lines.count - 1) lines, more than 400: it holds two nouns, so make it two files"
    )
  }

  @Test(arguments: try SourceFile.all(in: "Sources").filter { $0.name == "main.swift" })
  func programsOnlyStart(file: SourceFile) {
    #expect(
      file.lines.count <= 31,
      "\(file.path) is longer than 30 lines: a program starts its module, what it does belongs there and gets tests"
    )
  }

  @Test(arguments: try SourceFile.all(in: "Sources")) func nothingIsLeftUnfinished(file: SourceFile)
  {
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    for (index, line) in file.lines.enumerated() where marks.contains(where: line.contains) {
      Issue.record(
        "\(file.path):\(index + 1): a mark of unfinished work: finish it, or say clearly to the user that it is not supported"
      )
    }
  }

  @Test(arguments: try SourceFile.all(in: "Sources")) func namesSayWhatTheyHold(file: SourceFile) {
    let vague = ["Utils", "Utilities", "Utility", "Helpers", "Helper", "Common", "Extras", "Misc"]
    for word in vague {
      #expect(
        file.name != "\(word).swift",
        "\(file.path): name the file after the one thing it holds, not after having no name")
    }
  }
}
