import LinuxSystem
import Testing

/// A child in the namespaces of another process.
@Suite struct EnteringTests {
  /// In a child with one thread; a message about what went wrong, or nothing.
  private func inChild(_ body: () throws(SystemError) -> String?) throws -> String {
    let told = try OwnedDescriptor.pipe()
    let writing = told.writeEnd.raw
    let child = try ChildProcess.spawn {
      do throws(SystemError) {
        if let problem = try body() { try Descriptor.writeAll(writing, problem) }
      } catch { try? Descriptor.writeAll(writing, "\(error)") }
      return 0
    }
    let reading = told.split { readEnd, writeEnd in readEnd }
    let text = String(decoding: try Descriptor.readAll(reading.raw), as: UTF8.self)
    _ = try child.wait()
    return text
  }

  @Test func isOursAndThere() throws {
    let problem = try inChild { () throws(SystemError) in
      let holder: NamespaceHolder
      do throws(SystemError) { holder = try NamespaceHolder([.user]) } catch {
        // A machine that forbids user namespaces.
        return nil
      }
      let pid = holder.pid
      guard let target = try ProcessHandle.find(pid),
        let identity = Namespace.user.identity(of: "\(pid)")
      else { return "no holder" }
      let place = ChildProcess.Place(target: target.pidfd.raw, namespaces: [.user])
      let child = try ChildProcess.spawn(in: place, descriptors: []) { _ in
        Namespace.user.identity() == identity ? 42 : 1
      }
      let end = try child.wait()
      if Namespace.user.identity() == identity { return "we moved" }
      return end == .exited(42) ? nil : "\(end)"
    }
    #expect(problem == "")
  }

  @Test func hasTheRootBeforeItIsBorn() throws {
    let problem = try inChild { () throws(SystemError) in
      let holder: NamespaceHolder
      do throws(SystemError) { holder = try NamespaceHolder([.user, .mount]) } catch {
        // A machine that forbids user namespaces.
        return nil
      }
      guard let target = try ProcessHandle.find(holder.pid) else { return "no holder" }
      let root = try OwnedDescriptor.open("/proc", [.path, .directory])
      let place = ChildProcess.Place(
        target: target.pidfd.raw, namespaces: [.user, .mount], root: root.raw)
      let child = try ChildProcess.spawn(in: place, descriptors: []) { _ in
        FileTree.exists("/self/status") ? 0 : 1
      }
      let end = try child.wait()
      if !FileTree.exists("/proc/self/status") { return "our root has changed" }
      return end == .exited(0) ? nil : "\(end)"
    }
    #expect(problem == "")
  }

  @Test func hasTheNamedDescriptorsAlone() throws {
    let problem = try inChild { () throws(SystemError) in
      guard let target = try ProcessHandle.find(CurrentProcess.id) else { return "no handle" }
      let pipe = try OwnedDescriptor.pipe()
      let place = ChildProcess.Place(target: target.pidfd.raw, namespaces: [])
      let named = [(child: Int32(0), ours: pipe.readEnd.raw), (1, pipe.writeEnd.raw)]
      let child = try ChildProcess.spawn(in: place, descriptors: named + [(2, pipe.writeEnd.raw)]) {
        let target = $0
        return (3..<64).filter { Descriptor.isOpen($0) } == [target] ? 0 : 1
      }
      let end = try child.wait()
      return end == .exited(0) ? nil : "\(end)"
    }
    #expect(problem == "")
  }

  /// Whoever could read its memory, or ours, would be in the host (ptrace(2)).
  @Test func isNotDumpableAndWeStayWhatWeWere() throws {
    let problem = try inChild { () throws(SystemError) in
      try CurrentProcess.setDumpable(true)
      guard let target = try ProcessHandle.find(CurrentProcess.id) else { return "no handle" }
      let place = ChildProcess.Place(target: target.pidfd.raw, namespaces: [])
      let child = try ChildProcess.spawn(in: place, descriptors: []) { _ in
        (try? CurrentProcess.isDumpable()) == false ? 0 : 1
      }
      let end = try child.wait()
      guard end == .exited(0) else { return "\(end)" }
      return try CurrentProcess.isDumpable() ? nil : "we are not dumpable"
    }
    #expect(problem == "")
  }

  @Test func aTargetThatIsGoneIsTold() throws {
    let problem = try inChild { () throws(SystemError) in
      let other = try ChildProcess.spawn { 0 }
      let target = try ProcessHandle.find(other.pid)
      _ = try other.wait()
      guard let target else { return "no handle" }
      let place = ChildProcess.Place(target: target.pidfd.raw, namespaces: [.uts])
      do throws(SystemError) {
        let child = try ChildProcess.spawn(in: place, descriptors: []) { _ in 0 }
        return "\(child.pid) was started"
      } catch {
        return error.call == "setns" && error.errno == Errno.noProcess ? nil : "\(error)"
      }
    }
    #expect(problem == "")
  }
}
