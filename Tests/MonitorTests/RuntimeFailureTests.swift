import Model
import Testing

import LinuxSystem
@testable import Monitor

@Suite struct RuntimeFailureTests {
  @Test(arguments: [
    (
      "executable file `nope` not found in $PATH: No such file or directory\n",
      "crun: executable file `nope` not found in $PATH: No such file or directory",
      ErrorReport.Kind.commandNotFound
    ),
    (
      "open executable: Operation not permitted", "crun: open executable: Operation not permitted",
      .commandNotExecutable
    ),
    (
      "open executable: Permission denied", "crun: open executable: Permission denied",
      .commandNotExecutable
    ),
    (
      #"time="2026-11-21T05:48:17Z" level=error msg="runc create failed: unable to start container process: exec: \"nope\": executable file not found in $PATH""#,
      #"crun: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH"#,
      .commandNotFound
    ),
    (
      #"time="x" level=error msg="exec: \"/etc\": permission denied""#,
      #"crun: exec: "/etc": permission denied"#, .commandNotExecutable
    ),
    (
      #"time="x" level=error msg="exec: \"/x/y\": stat /x/y: no such file or directory""#,
      #"crun: exec: "/x/y": stat /x/y: no such file or directory"#, .commandNotFound
    ),
    (
      "mount `proc` to `proc`: Operation not permitted",
      "crun: mount `proc` to `proc`: Operation not permitted", .unavailable
    ),
    (
      "unknown flag: --none", "crun: unknown flag: --none", .commandNotExecutable
    ),
    (
      "crun: unrecognized option '--none'", "crun: unrecognized option '--none'",
      .commandNotExecutable
    ),
    (
      #"time="x" level=error msg="flag provided but not defined: -none""#,
      "crun: flag provided but not defined: -none", .commandNotExecutable
    ),
    (
      "", "crun failed to create the container and did not say why: exit status 1", .unavailable
    ),
  ])
  func classifies(text: String, message: String, kind: ErrorReport.Kind) {
    let report = RuntimeFailure.report(
      doing: "create", runtime: "/usr/bin/crun", end: .exited(1), text: text)
    #expect(report.message == message)
    #expect(report.kind == kind)
  }

  @Test func tellsOfACrash() {
    let report = RuntimeFailure.report(
      doing: "start", runtime: "/usr/bin/crun", end: .signaled(11), text: "")
    #expect(report.message.hasSuffix("killed by signal 11"))
    #expect(report.hint?.contains("--runtime") == true)
  }

  @Test func keepsOurOwnHint() {
    let report = RuntimeFailure.report(
      doing: "create", runtime: "/usr/bin/martlet-oci", end: .exited(1),
      text: "martlet-oci: error: cannot mount /x\nhint: make /x\n")
    #expect(report.message == "martlet-oci: cannot mount /x")
    #expect(report.hint == "make /x")
  }
}
