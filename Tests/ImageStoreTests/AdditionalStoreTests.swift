import ImageStore
import LinuxSystem
import Model
import OCISpec
import Testing

@Suite struct AdditionalStoreTests {
  private let lender: SampleStore
  private let sample: SampleStore
  /// Ours, with the other behind it.
  private let store: ImageStore

  init() throws {
    lender = try SampleStore()
    sample = try SampleStore()
    store = ImageStore(data: sample.path, additional: [lender.path])
  }

  private func addLayer(_ chain: Digest, to store: ImageStore) throws {
    let layer = StoredLayer(diffID: chain, parent: nil, size: 1, tarSize: 1, isOpaque: false)
    try FileTree.ensureDirectory("\(store.layers.path(chain))/diff")
    try FileTree.write(
      "\(store.layers.path(chain))/\(LayerDirectory.recordName)", layer.record.text)
  }

  @Test func looksThereForWhatIsNotHere() throws {
    let there = try lender.add("12", names: ["localhost/there:1", "localhost/both:1"])
    let here = try sample.add("34", names: ["localhost/here:1", "localhost/both:1"])
    #expect(try store.find("there:1") == there)
    #expect(try store.find("12") == there)
    #expect(try store.find(id: there.id) == there)
    #expect(try store.find("both:1") == here)
    #expect(try store.find("other:1") == nil)
    #expect(try store.names(of: there.id).map(\.reference.tag) == ["1", "1"])
    // What is listed as ours is ours.
    #expect(try store.list() == [here])
    #expect(try store.findOwn(id: there.id) == nil)
    #expect(store.listAdditional().map(\.images) == [[there]])
    #expect(store.lender(of: "there:1")?.data == lender.path)
    #expect(store.lender(of: "here:1") == nil)
  }

  @Test func readsListsThere() throws {
    let name = try ImageReference("localhost/list:1")
    var list = ManifestList()
    list.digest = try SampleStore.digest("abcd")
    try ManifestListStore(lender.store).write(list, as: name)
    let lists = ManifestListStore(store)
    for text in ["list:1", "abcd"] {
      #expect(try lists.findMatch(text)?.list == list)
      #expect(try lists.findOwnMatch(text) == nil)
      #expect(lists.lender(of: text)?.data == lender.path)
    }
    #expect(try lists.find(named: "list:1")?.reference == name)
    #expect(lists.allAdditional().map(\.reference) == [name])
    #expect(try lists.all().isEmpty)
    // A name of our own makes it ours.
    try lists.tag(list, try ImageReference("localhost/mine:1"))
    #expect(try lists.all().map(\.reference.full) == ["localhost/mine:1"])
    #expect(try ManifestListStore(lender.store).names() == [name])
  }

  @Test func removesNothingThere() throws {
    let there = try lender.add("12", names: ["localhost/there:1"])
    for text in ["there:1", "12", "\(there.id)"] {
      #expect(throws: ImageStoreError.notFound(text)) { try store.remove(text, force: true) }
    }
    #expect(try store.find("there:1") == there)
  }

  @Test func borrowsBlobsAndLayers() throws {
    let blob = try SampleStore.digest("b")
    let chain = try SampleStore.digest("c")
    #expect(!store.blobs.contains(blob) && !store.layers.contains(chain))
    try lender.store.blobs.write([1], as: blob)
    try addLayer(chain, to: lender.store)
    #expect(try store.blobs.load(blob) == [1])
    #expect(store.blobs.contains(blob) && !store.blobs.holds(blob))
    #expect(store.layers.contains(chain) && !store.layers.holds(chain))
    #expect(store.layers.diff(chain) == lender.store.layers.diff(chain))
    #expect(
      store.layers.mountName(chain)
        == "\(lender.path)/layers/\(lender.store.layers.shortLink(chain))")
    #expect(try store.blobs.list() == [] && store.layers.list() == [])
    // Ours counts as soon as there is one.
    try sample.store.blobs.write([2], as: blob)
    try addLayer(chain, to: sample.store)
    #expect(try store.blobs.load(blob) == [2])
    #expect(store.layers.mountName(chain) == store.layers.shortLink(chain))
  }

  @Test func aNewNameMakesTheImageOurs() throws {
    let there = try lender.add("12", names: ["localhost/there:1"])
    for digest in [there.id, there.manifest] { try lender.store.blobs.write([7], as: digest) }
    try store.tag(there, try ImageReference("localhost/new:1"))
    #expect(try store.findOwn(id: there.id) == there)
    #expect(store.blobs.holds(there.id) && store.blobs.holds(there.manifest))
    #expect(try lender.store.listNames().map(\.reference.full) == ["localhost/there:1"])
    #expect(try store.remove("new:1").deleted == there.id)
    #expect(try store.find("there:1") == there)
  }

  @Test func whatIsDamagedThereIsNotThere() throws {
    let there = try lender.add("12", names: ["localhost/there:1"])
    let other = try lender.add("34", names: ["localhost/other:1"])
    try FileTree.write("\(lender.path)/images/records/\(there.id.hex)", "junk")
    #expect(try store.find("there:1") == nil)
    #expect(try store.find(id: there.id) == nil)
    #expect(store.listAdditional().map(\.images) == [[other]])
    let gone = ImageStore(data: sample.path, additional: [lender.path + "-gone"])
    #expect(try gone.find("other:1") == nil)
    #expect(gone.listAdditional().map(\.images) == [[]])
  }
}
