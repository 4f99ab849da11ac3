import Model
import Testing

@testable import Engine

struct CalledNameTests {
  @Test(arguments: [
    ("martlet", "martlet", MartletVersion.text), ("/usr/bin/podman", "podman", "5.4.2"),
    ("podman", "podman", "5.4.2"), ("docker", "martlet", MartletVersion.text),
    ("", "martlet", MartletVersion.text), ("/opt/podman/martlet", "martlet", MartletVersion.text),
  ])
  func isWhatTheProgramWasCalledBy(program: String, name: String, version: String) {
    let called = CalledName(program: program)
    #expect(called.rawValue == name && called.version == version)
  }
}
