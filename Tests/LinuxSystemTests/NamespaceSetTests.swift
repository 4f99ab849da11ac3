import Testing

@testable import LinuxSystem

struct NamespaceSetTests {
  @Test func isASetOfKinds() {
    var set: NamespaceSet = [.uts, .pid, .uts]
    #expect(set.contains(.pid) && set.contains(.uts) && !set.contains(.user))
    #expect(set.cloneFlags == Namespace.pid.cloneFlag | Namespace.uts.cloneFlag)
    set.insert(.user)
    #expect(set.kinds == [.user, .pid, .uts])
    #expect(set.description == "user pid uts")
    #expect(set.intersection([.user, .network]) == [.user])
    #expect(set.subtracting([.user, .network]) == [.pid, .uts])
    #expect(set.union([.network]).kinds == [.user, .pid, .network, .uts])
    #expect(([] as NamespaceSet).isEmpty && set.subtracting(set).isEmpty)
  }
}
