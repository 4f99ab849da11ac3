import Testing

@testable import Engine

@Suite struct LentMemoryTests {
  /// The first monitor's process may have our memory; copies of the context know of it.
  @Test func itIsLentOnce() throws {
    try EngineContext.withScratch { context in
      let copy = context
      #expect(context.lendMemory())
      #expect(!copy.lendMemory())
      #expect(!context.lendMemory())
    }
  }
}
