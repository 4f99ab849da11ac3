import Model
import Testing

@testable import RegistryConfig

@Suite struct StorageConfigTests {
  private static func read(_ text: String) throws -> StorageConfig {
    try StorageConfig(Array(text.utf8), path: "/storage.conf")
  }

  @Test func readsTheDriverAndFurtherStores() throws {
    let config = try Self.read(
      """
      [storage]
      driver = "vfs"
      graphroot = "/var/lib/containers/storage"
      [storage.options]
      additionalimagestores = ["/a", "/b", "/a"]
      [storage.options.overlay]
      mountopt = "nodev"
      """)
    #expect(config.driver == "vfs")
    #expect(config.additionalStores == ["/a", "/b"])
    #expect(try Self.read("[storage]\ndriver = \"\"\n") == StorageConfig())
  }

  @Test(arguments: [
    "[storage", "[storage]\ndriver = 1", "[storage.options]\nadditionalimagestores = \"/a\"",
    "[storage.options]\nadditionalimagestores = [\"a\"]",
    "[storage.options]\nadditionalimagestores = [1]",
  ]) func namesTheFileThatIsWrong(text: String) {
    #expect {
      try Self.read(text)
    } throws: { error in
      (error as? ErrorReport)?.message.hasPrefix("/storage.conf") == true
    }
  }
}
