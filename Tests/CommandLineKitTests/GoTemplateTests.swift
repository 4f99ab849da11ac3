import CommandLineKit
import Testing

@Suite struct GoTemplateTests {
  static let container = TemplateValue.object(
    TemplateObject(
      [
        ("Id", .string("0123456789ab")), ("Names", .string("web")), ("Status", .string("Up")),
        ("Running", .bool(true)), ("Pid", .int(42)), ("Load", .double(1.5)),
        ("Health", .null), ("Cmd", .strings(["sh", "-c"])), ("Env", .list([])),
        (
          "Config",
          .object([("Labels", .map([("x", .string("1")), ("a-b", .string("<2>"))]))])
        ),
        (
          "Networks",
          .map([
            (
              "pod",
              .object([("IPAddress", .string("10.0.0.2")), ("GlobalIPv6Address", .string(""))])
            ),
            (
              "net",
              .object([("IPAddress", .string("10.0.0.1")), ("GlobalIPv6Address", .string("::1"))])
            ),
          ])
        ),
        (
          "Mounts",
          .list([.object([("Source", .string("/a"))]), .object([("Source", .string("/b"))])])
        ),
      ],
      methods: [
        (
          "Label",
          { arguments throws(UsageError) in
            guard case .string(let key)? = arguments.first else { throw UsageError("no key") }
            return .string("label of \(key)")
          }
        )
      ]))

  static let rendered: [(String, String)] = [
    ("{{.Names}}", "web"),
    ("{{.ID}} {{.Id}}", "0123456789ab 0123456789ab"),
    (#"{{ index .Config.Labels "x"}}"#, "1"),
    (#"{{index .Config.Labels "a-b"}}{{index .Config.Labels "none"}}"#, "<2>"),
    ("{{.Config.Labels.none}}", "<no value>"),
    ("{{range .Networks}}{{.IPAddress}},{{.GlobalIPv6Address}} {{end}}", "10.0.0.1,::1 10.0.0.2, "),
    ("{{range $i, $m := .Mounts}}{{if $i}}, {{end}}{{$m.Source}}{{end}}", "/a, /b"),
    ("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "a-b=<2>;x=1;"),
    ("{{json .Config}}", #"{"Labels":{"a-b":"<2>","x":"1"}}"#),
    ("{{json .Mounts}}", #"[{"Source":"/a"},{"Source":"/b"}]"#),
    ("{{.Label \"k\"}} {{\"j\" | .Label}}", "label of k label of j"),
    ("{{if .Running}}up{{else}}down{{end}}", "up"),
    ("{{if .Env}}a{{else if eq .Pid 42}}b{{else}}c{{end}}", "b"),
    ("{{with .Health}}h{{else}}none{{end}}", "none"),
    ("{{with .Config}}{{.Labels.x}}{{end}}", "1"),
    ("{{range .Env}}x{{else}}empty{{end}}", "empty"),
    ("{{range .Mounts}}{{.Source}}{{break}}{{end}}", "/a"),
    ("{{range .Cmd}}{{if eq . \"sh\"}}{{continue}}{{end}}{{.}}{{end}}", "-c"),
    ("{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{end}}{{$x}}", "2"),
    ("a {{- \" b \" -}} c", "a b c"),
    ("a{{/* note */}}b {{- /* note */ -}} c", "abc"),
    (
      "{{.Config.Labels}} {{.Cmd}} {{.Health}} {{.Running}} {{.Load}}",
      "map[a-b:<2> x:1] [sh -c] <nil> true 1.5"
    ),
    ("{{(index .Mounts 1).Source}}", "/b"),
    ("{{len .Cmd}}{{len .Names}}", "23"),
    ("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .Names}}", "<web>"),
    ("{{block \"b\" .Pid}}[{{.}}]{{end}}", "[42]"),
    ("{{$.Names}}{{range .Cmd}}{{$.Pid}}{{end}}", "web4242"),
    ("{{slice .Cmd 1}} {{slice .Id 0 3}}", "[-c] 012"),
    (
      "{{join .Cmd \" \"}} {{upper .Names}} {{title \"a bc\"}} {{pad .Names 1 2}}|",
      "sh -c WEB A Bc  web  |"
    ),
    ("{{.Names | printf \"%s-%s\" \"a\" | upper}}", "A-WEB"),
    // What podman 4.3 printed for the same template:
    (
      "{{1000000.0}} {{123456.0}} {{0.00001}} {{1e21}} {{1234567.0}}",
      "1e+06 123456 1e-05 1e+21 1.234567e+06"
    ),
    (
      #"{{printf "%5d|%-10s|%05d|%.2f|%q|%x|%v|%t|%%" 42 "a" 7 3.14159 "h\n" 255 "z" true}}"#,
      "   42|a         |00007|3.14|\"h\\n\"|ff|z|true|%"
    ),
    (
      #"{{printf "%d" "hi"}} {{printf "%s"}} {{printf "%s" "a" "b"}}"#,
      "%!d(string=hi) %!s(MISSING) a%!(EXTRA string=b)"
    ),
    (#"{{print 1 2 "a" 3}} {{len "abc"}}"#, "1 2a3 3"),
    (#"{{printf "%.3g %e %g" 1234.5 1234.5 0.1}}"#, "1.23e+03 1.234500e+03 0.1"),
    (#"{{slice "abcdef" 1 3}} {{index "abc" 1}} {{1 | printf "%d-%d" 2}}"#, "bc 98 2-1"),
    (
      #"{{html "<a&\"'>"}} {{js "a<b=\"c\"'"}} {{urlquery "a b&c/d"}}"#,
      #"&lt;a&amp;&#34;&#39;&gt; a\u003Cb\u003D\"c\"\' a+b%26c%2Fd"#
    ),
    (#"{{or 0 "" "x"}} {{and 1 0 2}} {{not 1}} {{eq 1 2 1}}"#, "x 0 false true"),
    (
      #"{{printf "%+d %x %X % d %#x %08.3f %6.2f|%-8d|" 5 "hi" "hi" 5 255 3.14159 2.5 7}}"#,
      "+5 6869 6869  5 0xff 0003.142   2.50|7       |"
    ),
    (
      #"{{printf "%c %U %q" 65 65 65}} {{printf "%05s|%5t|%x" "ab" true -255}}"#,
      "A U+0041 'A' 000ab| true|-ff"
    ),
    (
      #"{{printf "%.1f %.0f %.0f %.3g %g" 0.25 0.5 1.5 0.00001234 1e20}}"#, "0.2 0 2 1.23e-05 1e+20"
    ),
    (#"{{printf "%s %v %T" nil nil 1}}"#, "%!s(<nil>) <nil> int"),
  ]

  @Test(arguments: rendered) func rendersAsGo(template: String, expected: String) throws {
    #expect(try GoTemplate(template).render(Self.container) == expected)
  }

  static let failures: [(String, String)] = [
    ("{{.Nope}}", "can't evaluate field Nope"),
    ("{{.Names.X}}", "can't evaluate field X in type string"),
    ("{{index .Cmd 2}}", "index out of range: 2"),
    ("{{index .Cmd -1}}", "index out of range: -1"),
    ("{{slice .Cmd 2 1}}", "invalid slice index"),
    ("{{slice .Cmd 0 9}}", "index out of range: 9"),
    ("{{99999999999999999999}}", "bad number syntax"),
    ("{{range 3}}x{{end}}", "can't iterate over int 3"),
    ("{{eq 1 1.0}}", "incompatible types"),
    ("{{.Health.Status}}", "nil data"),
    ("{{nil}}", "nil is not a command"),
    ("{{nofunction 1}}", "\"nofunction\" not defined"),
    ("{{if}}x{{end}}", "missing value"),
    ("{{if .Names}}", "{{end}} is missing"),
    ("{{end}}", "unexpected {{end}}"),
    ("{{.Names", "unclosed action"),
    ("{{\"a}}", "unterminated quoted string"),
    ("{{$x}}", "undefined variable"),
    ("{{template \"no\"}}", "not defined"),
    ("{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}", "too deeply"),
    ("{{break}}", "outside {{range}}"),
    ("{{len .Pid}}", "len of type int"),
    ("{{pad \"x\" 99999999 1}}", "pad counts"),
  ]

  @Test(arguments: failures) func saysWhatIsWrong(template: String, part: String) {
    let error = #expect(throws: UsageError.self) {
      try GoTemplate(template).render(Self.container)
    }
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: [("{{", "}}"), ("(", ")"), ("{{if 1}}", "{{end}}"), ("{{if 0}}{{else ", "}}")])
  func deepNestingIsAnError(open: String, close: String) {
    let many = String(repeating: open, count: 5000) + "1" + String(repeating: close, count: 5000)
    #expect(throws: UsageError.self) {
      try GoTemplate(open == "(" ? "{{" + many + "}}" : many).render(.null)
    }
  }

  @Test func mutatedTemplatesNeverTrap() {
    var random = SplitMix(state: 42)
    let seeds = Self.rendered.map { Array($0.0.utf8) } + Self.failures.map { Array($0.0.utf8) }
    let pieces = [
      "{{", "}}", "end", "range .", "if ", "$x", "|", "(", ")", "%*d", "9", "-", "\"", ".", " ",
    ]
    var threw = 0
    for round in 0..<20_000 {
      var bytes = seeds[round % seeds.count]
      for _ in 0...Int(random.next() % 4) {
        let place = Int(random.next() % UInt64(bytes.count + 1))
        switch random.next() % 3 {
        case 0 where place < bytes.count: bytes.remove(at: place)
        case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        default:
          bytes.insert(
            contentsOf: pieces[Int(random.next() % UInt64(pieces.count))].utf8, at: place)
        }
      }
      do {
        _ = try OutputFormat(String(decoding: bytes, as: UTF8.self)).render([Self.container])
      } catch {
        threw += 1
      }
    }
    #expect(threw > 1000 && threw < 20_000)
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
