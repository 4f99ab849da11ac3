import LinuxSystem
import Model
import OCISpec
import StateStore
import Synchronization
import Testing

@testable import ImageStore

@Suite struct ImageStoreTests {
  private let sample: SampleStore
  private var store: ImageStore { sample.store }

  init() throws { sample = try SampleStore() }

  @Test(arguments: [
    ("abc", "docker.io/library/abc:latest"), ("abc:1", "docker.io/library/abc:1"),
    ("a/b", "docker.io/a/b:latest"), ("localhost/abc", "localhost/abc:latest"),
    ("host:5000/x/y:z", "host:5000/x/y:z"), ("localhost/abc:latest", "localhost/abc:latest"),
    ("1234", nil), ("sha256:1234", nil),
  ]) func findsByNameAndByID(text: String, name: String?) throws {
    let image = try sample.add("1234", names: [name].compactMap { $0 })
    _ = try sample.add("5678", names: ["docker.io/library/other:latest"])
    #expect(try store.find(text) == image)
    #expect(try store.findMatch(text)?.name?.reference.full == name)
    #expect(try store.find(image.id.description) == image)
    #expect(try store.find(image.id.hex) == image)
  }

  /// Between the look at an image and the writing of its name another command may remove it.
  @Test func noNameIsLeftOfAnImageThatIsGone() throws {
    let image = try sample.add("12", names: [])
    let name = ImageName(
      reference: try ImageReference("localhost/abc:1"), image: image.id, manifest: image.manifest)
    _ = try store.remove(image.id.description)
    #expect(throws: ImageStoreError.self) { try store.tag(image, name.reference) }
    #expect(try store.names.find(name.reference) == nil)
    // Who has all of it in place, and a lease, makes it known again.
    try store.publish([], known: [image], named: [name])
    #expect(try store.find("abc:1") == image)
  }

  /// Whoever names an image and whoever removes one see each other's work whole, also while a collection
  /// takes away lock files that nobody holds.
  @Test func namingAndRemovingLeaveNoNameWithoutItsImage() throws {
    let (store, image) = (store, try sample.add("12", names: []))
    let name = ImageName(
      reference: try ImageReference("localhost/abc:1"), image: image.id, manifest: image.manifest)
    let remover = try WorkerThread {
      for _ in 0..<2_000 { _ = try? store.remove("abc:1") }
    }
    let done = Atomic(false)
    let sweeper = try WorkerThread {
      while !done.load(ordering: .relaxed) {
        if let lock = try? ObjectLock.attempt(store.namesLock) {
          try? lock.remove(store.namesLock)
        }
      }
    }
    defer {
      done.store(true, ordering: .relaxed)
      sweeper.join()
    }
    for _ in 0..<300 {
      try store.publish([], known: [image], named: [name])
      if try store.names.find(name.reference) != nil, try store.findOwn(id: image.id) == nil {
        // Names go first, so a record that has gone has no name by now.
        #expect(try store.names.find(name.reference) == nil)
      }
    }
    remover.join()
    #expect(try store.names.find(name.reference) == nil || store.findOwn(id: image.id) != nil)
  }

  @Test func prefersALocalBuildToDockerHub() throws {
    _ = try sample.add("12", names: ["docker.io/library/abc:latest"])
    let local = try sample.add("34", names: ["localhost/abc:latest"])
    #expect(try store.find("abc") == local)
  }

  @Test func findsByRepositoryDigest() throws {
    let image = try sample.add("12", names: ["localhost/abc:1"])
    #expect(try store.find("localhost/abc@\(image.manifest)") == image)
    #expect(try store.find("localhost/other@\(image.manifest)") == nil)
  }

  @Test func listsTheMatchesOfAnAmbiguousID() throws {
    let one = try sample.add("ab1")
    let two = try sample.add("ab2")
    #expect(throws: ImageStoreError.ambiguousPrefix("ab", matches: [one.id, two.id])) {
      try store.find("ab")
    }
    #expect(try store.find("ab2") == two)
    #expect(try store.find("abc") == nil)
    #expect(try store.find("") == nil)
  }

  @Test func keepsNamesOfAnyLength() throws {
    let part = String(repeating: "a", count: 60)
    let long = "host.example:5000/\(part)/\(part)/\(part):\(String(repeating: "T", count: 128))"
    let image = try sample.add("12", names: [long])
    #expect(try store.find(long) == image)
    #expect(try store.listNames().map(\.reference.full) == [long])
    try store.untag(try ImageReference(long))
    #expect(try store.find(long) == nil)
    #expect(try store.listNames() == [])
  }

  @Test func movesATagToTheLastWriter() throws {
    let old = try sample.add("12", names: ["localhost/a:1"])
    let new = try sample.add("34")
    try store.tag(new, try ImageReference("localhost/a:1"))
    #expect(try store.find("localhost/a:1") == new)
    #expect(try store.dangling() == [old])
  }

  @Test func remembersTheNamesThatAnImageHad() throws {
    let image = try sample.add("12", names: ["localhost/a:1", "localhost/b:1", "localhost/c:1"])
    _ = try store.remove("localhost/c:1")
    var removals = ImageRemovals(store)
    try removals.untag(try ImageReference("localhost/b:1"), from: image.id)
    try removals.finish()
    let former = ["localhost/b:1", "localhost/c:1"]
    #expect(try store.listFormerNames() == [image.id: former])
    // What a power cut has spoilt hinders nobody.
    let other = try sample.add("34", names: ["localhost/d:1"])
    try FileTree.write("\(sample.path)/images/former/\(other.id.hex)", "name")
    #expect(try store.listFormerNames() == [image.id: former])
    _ = try store.remove("localhost/a:1")
    #expect(try store.listFormerNames() == [:])
  }

  @Test func removesOneNameOfSeveral() throws {
    let image = try sample.add("12", names: ["localhost/a:1", "localhost/b:1"])
    let removal = try store.remove("localhost/a:1")
    #expect(removal.untagged.map(\.full) == ["localhost/a:1"])
    #expect(removal.deleted == nil)
    // By name, force does not reach the others.
    try store.tag(image, try ImageReference("localhost/c:1"))
    #expect(try store.remove("localhost/c:1", force: true).untagged.map(\.tag) == ["1"])
    #expect(throws: ImageStoreError.inUse("localhost/b:1", containers: ["box"])) {
      try store.remove("localhost/b:1", users: [image.id: ["box"]])
    }
  }

  @Test func removesWithTheLastName() throws {
    let image = try sample.add("12", names: ["localhost/a:1"])
    #expect(throws: ImageStoreError.inUse("localhost/a:1", containers: ["box"])) {
      try store.remove("localhost/a:1", users: [image.id: ["box"]])
    }
    #expect(try store.remove("localhost/a:1").deleted == image.id)
    #expect(try store.list() == [])
    #expect(throws: ImageStoreError.notFound("localhost/a:1")) {
      try store.remove("localhost/a:1")
    }
  }

  @Test func removesByIDOnlyWithoutDoubt() throws {
    let image = try sample.add("12", names: ["localhost/a:1", "localhost/b:1"])
    #expect(
      throws: ImageStoreError.severalNames(image.id, names: ["localhost/a:1", "localhost/b:1"])
    ) { try store.remove("12") }
    #expect(try store.remove("12", force: true).untagged.count == 2)
    #expect(try store.listNames() == [])
  }

  @Test func protectsWhatALeaseNames() throws {
    let blob = try SampleStore.digest("b")
    let layer = try SampleStore.digest("c")
    let lease = try Lease(store, blobs: [blob], layers: [layer])
    let living = try Lease.living(store)
    #expect(living.blobs == [blob])
    #expect(living.layers == [layer])
    _ = consume lease
    #expect(try Lease.living(store).blobs == [])
    // The next one uses the same file.
    let next = try Lease(store, layers: [layer])
    #expect(try Lease.living(store).blobs == [])
    #expect(try Lease.living(store).layers == [layer])
    #expect(try FileTree.list("\(store.root)/leases").count == 1)
    _ = consume next
  }

  @Test func keepsBlobsByDigest() throws {
    let digest = try SampleStore.digest("d")
    #expect(throws: ImageStoreError.missingBlob(digest)) { try store.blobs.load(digest) }
    try store.blobs.write([1, 2], as: digest)
    #expect(try store.blobs.load(digest) == [1, 2])
    try FileTree.write(store.blobs.ingestPath(digest), "new")
    try store.blobs.publish(store.blobs.ingestPath(digest), as: digest)
    #expect(try store.blobs.load(digest) == Array("new".utf8))
    #expect(try store.blobs.list() == [digest])
  }
}

@Suite struct StoredImageTests {
  @Test func keepsAllThatStartingAContainerNeeds() throws {
    var execution = ImageConfig.Execution()
    execution.entrypoint = []
    execution.command = ["sh", "-c", "echo a\nb"]
    execution.environment = ["A=b c", "EMPTY="]
    execution.user = "1:2"
    execution.workingDirectory = "/w d"
    execution.volumes = ["/v"]
    execution.exposedPorts = ["80/tcp", "53/udp"]
    execution.labels = ["k=ey with = and \n": "v", "empty": ""]
    execution.stopSignal = "SIGINT"
    execution.shell = ["/bin/ash"]
    var image = StoredImage(
      id: try SampleStore.digest("1"), manifest: try SampleStore.digest("2"), created: -5,
      size: 1 << 40, platform: Platform(os: "linux", architecture: "arm", variant: "v6"),
      layers: [try SampleStore.digest("3"), try SampleStore.digest("4")], execution: execution)
    image.healthcheck = #"{"Test":["CMD","x"]}"#
    image.author = "me"
    let text = image.record.text
    let read = StoredImage(try #require(LineRecord(parsing: text)))
    #expect(read == image)
    // An empty entrypoint is not the same as none.
    #expect(read?.execution.entrypoint == [])
    #expect(read?.execution.onBuild == nil)
  }

  @Test(arguments: ["id", "manifest", "created", "size", "os"]) func refusesARecordWithout(
    key: String
  ) throws {
    var record = StoredImage(
      id: try SampleStore.digest("1"), manifest: try SampleStore.digest("2"), created: 0, size: 0,
      platform: .host, layers: [], execution: ImageConfig.Execution()
    ).record
    record[key] = nil
    #expect(StoredImage(record) == nil)
  }
}
