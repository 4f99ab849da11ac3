import LinuxSystem
import Model
import StateStore
import Testing

@Suite struct ObjectLockTests {
  private let scratch: Scratch
  private var path: String { "\(scratch.path)/locks/object" }

  init() throws { scratch = try Scratch() }

  private func canTake(shared: Bool = false) throws -> Bool {
    switch try ObjectLock.attempt(path, shared: shared) {
    case .none: false
    case .some: true
    }
  }

  @Test func excludesAndNamesItsHolder() throws {
    let lock = try ObjectLock.acquire(path)
    #expect(try canTake() == false)
    #expect(try ObjectLock.isHeld(path))
    #expect(ObjectLock.holder(path)?.pid == CurrentProcess.id)
    #expect(throws: StateError.lockTimeout(path: path, holder: ObjectLock.holder(path))) {
      _ = try ObjectLock.acquire(path, timeout: .milliseconds(10))
    }
    _ = consume lock
    #expect(try ObjectLock.isHeld(path) == false)
  }

  @Test func saysForWhomItWaits() throws {
    let lock = try ObjectLock.acquire(path)
    var told: [ObjectLock.Holder?] = []
    #expect(throws: StateError.self) {
      _ = try ObjectLock.acquire(path, timeout: .milliseconds(1_200)) { told.append($0) }
    }
    #expect(told.count == 1)
    #expect(told.first??.pid == CurrentProcess.id)
    _ = lock.descriptor
  }

  @Test func letsReadersShare() throws {
    let one = try ObjectLock.acquire(path, shared: true)
    #expect(try canTake(shared: true))
    #expect(try canTake() == false)
    _ = one.descriptor
  }

  @Test func survivesTheRemovalOfItsFile() throws {
    let old = try ObjectLock.acquire(path)
    try old.remove(path)
    let new = try ObjectLock.acquire(path)
    #expect(try canTake() == false)
    _ = new.descriptor
  }
}

@Suite struct RollbackTests {
  @Test(arguments: [(false, [3, 2, 1]), (true, [])]) func undoesInReverse(
    commits: Bool, undone: [Int]
  ) {
    var done: [Int] = []
    do {
      var rollback = Rollback()
      for step in 1...3 { rollback.onFailure { done.append(step) } }
      if commits { rollback.commit() }
    }
    #expect(done == undone)
  }
}

@Suite struct ErrorCollectorTests {
  @Test func goesOnAfterAFailureAndTellsAll() {
    var errors = ErrorCollector()
    var steps = 0
    errors.collect { throw ErrorReport(.conflict, "first", hint: nil) }
    errors.collect { steps += 1 }
    errors.collect { throw ErrorReport(.notFound, "second", hint: "do it") }
    #expect(steps == 1)
    do {
      try errors.check()
      Issue.record("nothing thrown")
    } catch {
      #expect(error.report == ErrorReport(.conflict, "first; second", hint: "do it"))
    }
  }
}
