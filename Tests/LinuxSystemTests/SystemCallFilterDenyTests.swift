import LinuxSystem
import Testing

@Suite struct SystemCallFilterDenyTests {
  /// In a child, for a filter cannot be taken back.
  private func denied(_ denials: Set<SystemCallFilter.Denial>, _ body: () -> Bool) throws -> Bool {
    let child = try ChildProcess.spawn {
      guard (try? SystemCallFilter.deny(denials)) != nil else { return 2 }
      return body() ? 0 : 1
    }
    return try child.wait() == .exited(0)
  }

  @Test func deniesSocketsAlone() throws {
    #expect(try denied([.network]) { (try? SocketPair.stream()) == nil })
    #expect(try denied([.programs]) { (try? SocketPair.stream()) != nil })
    #expect(try denied([.network]) { FileTree.exists("/proc/self") })
  }

  @Test func deniesPrograms() throws {
    // false(1) would end with 1.
    let isDenied = try denied([.programs]) {
      do throws(SystemError) { try Program("/bin/false").exec() } catch {
        return error.errno == Errno.notPermitted
      }
    }
    #expect(isDenied)
  }
}
