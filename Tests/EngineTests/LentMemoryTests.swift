import Model
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

  /// Who waits for the container has signals to pass on, `--rm` something to remove, a volume much to
  /// copy: the command must be there.
  @Test func itIsLentForShortWorkAlone() throws {
    try EngineContext.withScratch { context in
      var config = ContainerConfig()
      func launch(_ config: ContainerConfig, _ attached: AttachStreams = []) -> LaunchContainer {
        LaunchContainer(
          context: context, store: ContainerStore(context), config: config, attached: attached)
      }
      #expect(launch(config).isShort)
      #expect(!launch(config, .standardOutput).isShort)
      config.mounts = [.init(.volume, source: "data", destination: "/data")]
      #expect(!launch(config).isShort)
      config.mounts = []
      config.lifecycle.autoRemove = true
      #expect(!launch(config).isShort)
    }
  }
}
