import LinuxSystem
import OCISpec
import Testing

@Suite struct RuntimeSpecTests {
  static let sample = """
    {"ociVersion":"1.2.0","process":{"terminal":true,"user":{"uid":1,"gid":2,"additionalGids":[3,4]},
    "args":["sh","-c","\\u00e9\\ud83d\\ude00 \\"x\\""],"env":["A=b"],"cwd":"/w","noNewPrivileges":true,
    "capabilities":{"bounding":["CAP_KILL"],"effective":[],"permitted":["CAP_KILL"]},
    "rlimits":[{"type":"RLIMIT_NOFILE","soft":10,"hard":18446744073709551615}],"oomScoreAdj":-5},
    "root":{"path":"rootfs","readonly":true},"hostname":"h","annotations":{"b":"2","a":"1"},
    "mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["ro"]}],
    "hooks":{"prestart":[{"path":"/bin/true","timeout":5}]},
    "linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/run/n"}],
    "resources":{"memory":{"limit":-1},"pids":{"limit":7}},"seccomp":{"defaultAction":"SCMP_ACT_ALLOW",
    "syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":1,
    "args":[{"index":1,"value":9,"op":"SCMP_CMP_EQ"}]}]}}}
    """

  @Test func survivesARoundTrip() throws {
    let spec = try RuntimeSpec(parsing: Array(Self.sample.utf8))
    #expect(spec.process?.args == ["sh", "-c", "é😀 \"x\""])
    #expect(spec.process?.rlimits.first?.hard == .max)
    #expect(
      spec.linux?.namespaces == [
        RuntimeNamespace(.pid), RuntimeNamespace(.network, path: "/run/n"),
      ])
    #expect(try RuntimeSpec(parsing: spec.encoded()) == spec)
    #expect(try RuntimeSpec(parsing: spec.encoded(pretty: true)) == spec)
  }

  @Test(arguments: [
    ("1", "ociVersion"), ("\"x\"", "ociVersion"), ("null", "ociVersion"), ("{}", "ociVersion"),
    (#"{"ociVersion":1}"#, "ociVersion: expected a string, found a number"),
    (
      #"{"ociVersion":"1","linux":{"resources":{"memory":{"limit":"x"}}}}"#,
      "linux.resources.memory.limit: expected a number, found a string"
    ),
    (
      #"{"ociVersion":"1","mounts":[{"destination":"/a"},{"destination":2}]}"#,
      "mounts[1].destination: expected a string, found a number"
    ),
    (
      #"{"ociVersion":"1","process":{"user":{"uid":-1,"gid":0},"cwd":"/"}}"#,
      "process.user.uid: number out of range (0 to 4294967295)"
    ),
    (
      #"{"ociVersion":"1","process":{"user":{"uid":4294967296,"gid":0},"cwd":"/"}}"#,
      "process.user.uid: number out of range"
    ),
    (
      #"{"ociVersion":"1","process":{"user":{"uid":1.5,"gid":0},"cwd":"/"}}"#,
      "process.user.uid: expected an integer"
    ),
    (
      #"{"ociVersion":"1","linux":{"namespaces":[{"type":"bogus"}]}}"#,
      "linux.namespaces[0].type: unknown value `bogus`"
    ),
    (#"{"ociVersion":"1","process":{"args":[]}}"#, "process.cwd: is missing"),
    (#"{"ociVersion":"1","hostname":"a\u0000b"}"#, "hostname: contains a NUL character"),
    (#"{"ociVersion":"1","ociVersion":"2"}"#, "member `ociVersion` appears twice"),
    (#"{"ociVersion":"1","mounts":{}}"#, "mounts: expected an array, found an object"),
    (#"{"ociVersion":"1","annotations":{"a":1}}"#, "annotations.a: expected a string"),
    (#"{"ociVersion":"1"} x"#, "unexpected text after the document"),
    (#"{"ociVersion":"1""#, "the document ends early"),
    (#"{"ociVersion":"\ud800"}"#, "half of a surrogate pair"),
    (#"{"ociVersion":01}"#, "number with leading zero"), ("", "the document ends early"),
  ])
  func namesWhatIsWrong(text: String, message: String) {
    let error = #expect(throws: SpecError.self) { try RuntimeSpec(parsing: Array(text.utf8)) }
    if message != "ociVersion" { #expect(error?.description.contains(message) == true) }
  }

  @Test(arguments: [
    #"{"ociVersion":"1","mounts":null,"hooks":null,"linux":null,"annotations":null}"#,
    #"{"ociVersion":"1","unknown":{"deep":[1,2,{"x":null}]}}"#,
    #"{"ociVersion":"1","linux":{"seccomp":null,"resources":{"devices":null}}}"#,
  ])
  func acceptsNullsAndUnknownMembers(text: String) throws {
    #expect(try RuntimeSpec(parsing: Array(text.utf8)).mounts.isEmpty)
  }

  @Test func idlePriorityNeedsNoNumber() throws {
    let text =
      #"{"user":{"uid":0,"gid":0},"args":["a"],"cwd":"/","ioPriority":{"class":"IOPRIO_CLASS_IDLE"}}"#
    let process = try RuntimeProcess(parsing: Array(text.utf8))
    #expect(process.ioPriority?.class == .idle)
    #expect(process.ioPriority?.priority == 0)
  }

  @Test(arguments: [
    (#"{"args":["a"],"cwd":"/"}"#, 0 as UInt32, 0 as UInt32),
    (#"{"args":["a"],"cwd":"/","user":{"uid":3}}"#, 3, 0),
    (#"{"args":["a"],"cwd":"/","user":{"gid":4}}"#, 0, 4),
  ]) func userIsRootUnlessSaid(text: String, uid: UInt32, gid: UInt32) throws {
    let process = try RuntimeProcess(parsing: Array(text.utf8))
    #expect(process.user.uid == uid)
    #expect(process.user.gid == gid)
  }

  @Test(arguments: ["[", #"{"a":"#]) func boundsTheDepth(opening: String) {
    let text = String(repeating: opening, count: 50_000)
    let error = #expect(throws: SpecError.self) { try JSONValue(parsing: Array(text.utf8)) }
    #expect(error?.description.contains("nested more than 64 levels deep") == true)
  }

  @Test func refusesInvalidUTF8() {
    #expect(throws: SpecError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
  }

  @Test func keepsLargeIntegersExactly() throws {
    let value = try JSONValue(parsing: Array("[9223372036854775807,18446744073709551615]".utf8))
    #expect(value == .array([.integer(.max), .unsigned(.max)]))
  }

  /// Random damage to a valid document: an error or a value, never a trap, and soon.
  ///
  /// MARTLET_FUZZ is the number of documents (20000); MARTLET_FUZZ_SEED repeats a run that failed.
  @Test func survivesRandomMutations() {
    let count = CurrentProcess.environment("MARTLET_FUZZ").flatMap { Int($0) } ?? 20_000
    let given = CurrentProcess.environment("MARTLET_FUZZ_SEED").flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 1 ... .max)
    // A trap leaves nothing else to repeat the run by.
    print("MARTLET_FUZZ_SEED=\(seed) MARTLET_FUZZ=\(count)")
    var random = SplitMix(state: seed)
    let original = Array(Self.sample.utf8)
    var accepted = 0
    for _ in 0..<count {
      var bytes = original
      for _ in 0..<(1 + random.next(below: 4)) { Self.damage(&bytes, &random) }
      if let spec = try? RuntimeSpec(parsing: bytes) {
        accepted += 1
        #expect((try? RuntimeSpec(parsing: spec.encoded())) == spec)
      }
    }
    #expect(accepted > 0)
  }

  private static let values = [
    "null", "{}", "[]", "-1", "1e999", "\"\"", "99999999999999999999", "true", "[[[[", "0.5",
    "{\"a\":",
    "-9223372036854775808", "18446744073709551615", "\"\\ud800\"", "\"\\u0000\"",
  ]

  private static func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    let at = random.next(below: bytes.count)
    switch random.next(below: 6) {
    case 0: bytes[at] = UInt8(random.next(below: 256))
    case 1: bytes.remove(at: at)
    case 2: bytes.insert(UInt8(random.next(below: 256)), at: at)
    case 3: bytes.removeSubrange(at...)
    case 4:
      // Another value in a value's place.
      let end = bytes[at...].firstIndex { ",]}".utf8.contains($0) } ?? bytes.count
      bytes.replaceSubrange(at..<end, with: Self.values[random.next(below: Self.values.count)].utf8)
    default:
      let end = min(bytes.count, at + random.next(below: 40))
      bytes.insert(contentsOf: Array(bytes[at..<end]), at: random.next(below: bytes.count))
    }
  }
}

/// A repeatable stream of numbers.
struct SplitMix {
  var state: UInt64

  mutating func next(below limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(limit))
  }
}
