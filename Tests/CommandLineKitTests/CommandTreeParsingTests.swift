import CommandLineKit
import Model
import Testing

@Suite struct CommandTreeParsingTests {
  struct RunCase: Sendable, CustomStringConvertible {
    let words: [String]
    let arguments: [String]
    let expect: @Sendable (inout RunOptions) -> Void
    var description: String { words.joined(separator: " ") }

    init(
      _ words: String, _ arguments: String = "img",
      _ expect: @escaping @Sendable (inout RunOptions) -> Void = { _ in }
    ) {
      self.words = words.split(separator: " ").map(String.init)
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.expect = expect
    }
  }

  static let runCases: [RunCase] = [
    RunCase("run img sh", "img sh"),
    RunCase("run --name=a img") { $0.name = "a" },
    RunCase("run --name a img") { $0.name = "a" },
    RunCase("run --name= img") { $0.name = "" },
    RunCase("run --name a=b img") { $0.name = "a=b" },
    RunCase("run --name --tty img") { $0.name = "--tty" },
    RunCase("run --net host img") { $0.network = "host" },
    RunCase("run -itd img") {
      $0.interactive = true
      $0.tty = true
      $0.detach = true
    },
    RunCase("run -it=false img") { $0.interactive = true },
    RunCase("run -eFOO=1 -e BAR img") { $0.env = ["FOO=1", "BAR"] },
    RunCase("run -ie FOO=1 img") {
      $0.interactive = true
      $0.env = ["FOO=1"]
    },
    RunCase("run -p8080:80 -p=81:81 -p= img") { $0.publish = ["8080:80", "81:81", "="] },
    RunCase("run --detach=false --tty=T --interactive=1 img") {
      $0.tty = true
      $0.interactive = true
    },
    RunCase("run --init img") { $0.init_ = true },
    RunCase("run --init=0 img") { $0.init_ = false },
    RunCase("run --pull img") { $0.pull = "always" },
    RunCase("run --pull=never img") { $0.pull = "never" },
    RunCase("run --cap-add A,B --cap-add C img") { $0.capAdd = ["A", "B", "C"] },
    RunCase("run --cap-add \"A,B\",C img") { $0.capAdd = ["A,B", "C"] },
    RunCase("run --pids-limit -1 img") { $0.pids = -1 },
    RunCase("run --pids-limit=0x10 img") { $0.pids = 16 },
    RunCase("run -m 5 img") { $0.memory = 5 },
    RunCase("run -h box img") { $0.hostname = "box" },
    RunCase("run img -t --help", "img -t --help"),
    RunCase("run img -- sh", "img -- sh"),
    RunCase("run -- img -t", "img -t"),
    RunCase("run - -t", "- -t"),
    RunCase("--root /x container run --debug -t img") { $0.tty = true },
  ]

  @Test(arguments: runCases) func readsWhatPflagReads(_ row: RunCase) throws {
    var expected = RunOptions()
    row.expect(&expected)
    let parsed = try #require(try parsedRun(row.words))
    #expect(parsed.options == expected)
    #expect(parsed.arguments == row.arguments)
  }

  static let errors: [(String, String, Advice?)] = [
    ("run --foo img", "unknown flag: --foo", .help(command: "martlet run")),
    (
      "run --nmae x", "unknown flag: --nmae", .hint("did you mean --name? see 'martlet run --help'")
    ),
    ("run -itx img", "unknown shorthand flag: 'x' in -itx", .help(command: "martlet run")),
    ("run --name", "flag needs an argument: --name", .help(command: "martlet run")),
    ("run -ie", "flag needs an argument: 'e' in -ie", .help(command: "martlet run")),
    (
      "run -t=maybe img", #"invalid argument "maybe" for "-t, --tty" flag: not a boolean"#,
      .hint("use true or false")
    ),
    (
      "run --pids-limit=x img",
      #"invalid argument "x" for "--pids-limit" flag: not an integer"#, nil
    ),
    (
      "run --pids-limit=99999999999999999999 img",
      #"invalid argument "99999999999999999999" for "--pids-limit" flag: not an integer"#, nil
    ),
    ("run -m x i", #"invalid argument "x" for "-m, --memory" flag: not a size"#, .hint("use 64m")),
    (
      "run --pull=allways img",
      #"invalid argument "allways" for "--pull" flag: must be one of always, missing, never"#,
      .hint("did you mean always?")
    ),
    ("run --=x", "bad flag syntax: --=x", .help(command: "martlet run")),
    ("run ---x", "bad flag syntax: ---x", .help(command: "martlet run")),
    ("run", #""martlet run" requires at least 1 argument"#, .help(command: "martlet run")),
    (
      "rename a", #""martlet rename" requires exactly 2 arguments"#,
      .help(command: "martlet rename")
    ),
    ("ps x", #""martlet ps" accepts no arguments"#, .help(command: "martlet ps")),
    (
      "rum", #"unknown command "rum" for "martlet""#,
      .hint("did you mean run? see 'martlet --help'")
    ),
    (
      "container lss", #"unknown command "lss" for "martlet container""#,
      .hint("did you mean ls? see 'martlet container --help'")
    ),
    ("zzzzzz", #"unknown command "zzzzzz" for "martlet""#, .help(command: "martlet")),
    ("", "missing command 'martlet COMMAND'", .help(command: "martlet")),
    (
      "container", "missing command 'martlet container COMMAND'",
      .help(command: "martlet container")
    ),
    ("--rooot x ps", "unknown flag: --rooot", .hint("did you mean --root? see 'martlet --help'")),
  ]

  @Test(arguments: errors) func saysWhatIsWrong(words: String, message: String, advice: Advice?) {
    #expect(throws: UsageError(message, advice: advice)) {
      try sampleTree().parse(words.split(separator: " ").map(String.init))
    }
  }

  @Test func flagsMayFollowPositionals() throws {
    let tree = sampleTree()
    guard case .run(let globals, _) = try tree.parse(["rename", "a", "--debug", "b"]) else {
      Issue.record("not a run")
      return
    }
    #expect(globals.debug)
    let parsed = try #require(try parsedList(["container", "ls", "--filter", "a=b", "-a"]))
    #expect(parsed.options == ListOptions(all: true, filter: ["a=b"]))
  }

  @Test(arguments: [
    ("--help", "martlet"), ("help", "martlet"), ("-h", "martlet"), ("run --help", "martlet run"),
    ("run -t --help img", "martlet run"), ("ps -h", "martlet ps"), ("ps -ah", "martlet ps"),
    ("help container ls", "martlet container ls"), ("container help ls", "martlet container ls"),
    ("container --help", "martlet container"), ("rename a --help", "martlet rename"),
  ]) func findsTheHelpThatIsAskedFor(words: String, path: String) throws {
    let parsed = try sampleTree().parse(words.split(separator: " ").map(String.init))
    guard case .help(_, let found) = parsed else {
      Issue.record("not help: \(parsed)")
      return
    }
    #expect(found == path)
  }

  @Test(arguments: ["--version", "-v", "--debug --version"])
  func versionIsTheRootsOwn(words: String) throws {
    let parsed = try sampleTree().parse(words.split(separator: " ").map(String.init))
    guard case .version = parsed else {
      Issue.record("not version: \(parsed)")
      return
    }
  }

  @Test func runReturnsTheCommandsCode() throws {
    guard case .run(let globals, let run) = try sampleTree().parse(["--root", "/r", "ps"]) else {
      Issue.record("not a run")
      return
    }
    #expect(globals == SampleGlobals(root: "/r"))
    #expect(try run() == 7)
  }

  @Test(arguments: [
    ("--root /x --nonsense run", "/x", false), ("--nonsense --debug --root=/y", "/y", true),
    ("--debug run --root /x", nil, true), ("--root", nil, false),
    ("-x --root /z", "/z", false), ("--debug=perhaps nonsense --root /z", "/z", false),
  ])
  func whatIsWrongLeavesTheRest(_ words: String, root: String?, debug: Bool) {
    let globals = sampleTree().leadingGlobals(words.split(separator: " ").map(String.init))
    #expect(globals == SampleGlobals(root: root, debug: debug))
  }

  @Test func completionWordsArePassedOnUntouched() throws {
    guard case .complete(let words, true) = try sampleTree().parse(["__complete", "run", "--na"])
    else {
      Issue.record("not completion")
      return
    }
    #expect(words == ["run", "--na"])
  }
}
