import Foundation
import ImageDocuments
import ImageStore
import LayerArchive
import LinuxSystem
import Model
import OCISpec
import Testing

@Suite(
  .enabled(if: HelperRun.isPossible, "needs root or subordinate ids"),
  .enabled(if: HelperRun.has("docker-registry", "skopeo"), "needs docker-registry and skopeo"),
  .serialized)
struct PullTests {
  private let registry: Registry
  private let helper: HelperRun
  /// An OCI layout of an image with three layers.
  private let layout: String
  private let listing: String

  init() throws {
    registry = try Registry()
    helper = try HelperRun()
    let maker = try HelperRun()
    layout = "\(helper.scratch)/layout"
    listing = try Self.makeLayout(layout, with: maker, megabytes: 3)
  }

  /// Three root filesystems put over one another; returns what they hold.
  private static func makeLayout(_ path: String, with maker: HelperRun, megabytes: Int) throws
    -> String
  {
    for index in 1...3 {
      let tar = try SampleRootfs.make(
        in: maker.scratch, megabytes: megabytes, name: "layer\(index)")
      try HelperRun.run("gzip", ["-1", tar])
      let request = ImportRequest(path: "\(tar).gz", reference: "localhost/layer:\(index)")
      #expect(try maker.run(.importRootfs(request)).error == nil)
    }
    let request = SaveRequest(
      images: (1...3).map { "layer:\($0)" }, format: .ociDirectory, path: path)
    #expect(try maker.run(.save(request)).error == nil)
    let images = try (1...3).map { try #require(try maker.store.find("layer:\($0)")) }
    let manifests = try images.map { image -> Manifest in
      guard
        case .manifest(let manifest) = try ManifestDocument.decode(
          try maker.store.blobs.load(image.manifest))
      else { throw Registry.Failure() }
      return manifest
    }
    let config = ImageConfig(platform: .host, diffIDs: images.map { $0.layers[0] })
    let configBytes = config.encoded()
    let manifest = Manifest(
      config: OCISpec.Descriptor(
        mediaType: .ociConfig, digest: Hasher.digest(of: configBytes),
        size: Int64(configBytes.count)), layers: manifests.map { $0.layers[0] })
    let bytes = manifest.encoded()
    let digest = Hasher.digest(of: bytes)
    let index = ImageIndex(manifests: [
      OCISpec.Descriptor(mediaType: .ociManifest, digest: digest, size: Int64(bytes.count))
    ])
    for (name, bytes) in [
      ("blobs/sha256/\(manifest.config.digest.hex)", configBytes),
      ("blobs/sha256/\(digest.hex)", bytes), ("index.json", index.encoded()),
    ] {
      try FileTree.write("\(path)/\(name)", String(decoding: bytes, as: UTF8.self), mode: 0o644)
    }
    return try images.map { try maker.listing($0) }.joined(separator: "\n")
  }

  private func pull(_ reference: String, prepare: String = "true") throws -> HelperRun.Answer {
    try helper.run(.pull(PullRequest(reference: reference)), prepare: prepare)
  }

  private func checkWhole(_ reference: String) throws {
    let image = try #require(try helper.store.find(reference))
    #expect(try helper.listing(image) == listing)
  }

  private func layers(_ reference: String) throws -> [OCISpec.Descriptor] {
    let image = try #require(try helper.store.find(reference))
    guard
      case .manifest(let manifest) = try ManifestDocument.decode(
        try helper.store.blobs.load(image.manifest))
    else { throw Registry.Failure() }
    return manifest.layers
  }

  @Test(arguments: [
    ["--format", "oci"], ["--format", "v2s2"],
    ["--format", "oci", "--dest-compress-format", "zstd"],
  ]) func pullsWhatSkopeoPushed(options: [String]) throws {
    // From plain directories skopeo compresses anew.
    let reference = try registry.push("oci:\(layout)", as: "a/b:1", options)
    let answer = try pull(reference)
    #expect(answer.error == nil)
    #expect(answer.result?.images.map(\.names) == [[reference]])
    try checkWhole(reference)
    #expect(try helper.leftovers() == [])
    // Again: nothing to do.
    let again = try pull(reference)
    #expect(again.events.compactMap(\.progress?.status) == [.exists, .exists, .exists])
    let image = try #require(try helper.store.find(reference))
    #expect(try pull("\(registry.authority)/a/b@\(image.manifest)").error == nil)
    #expect(try helper.store.listNames().count == 2)
  }

  @Test func goesOnWithAPartialBlob() throws {
    let reference = try registry.push("oci:\(layout)", as: "a:1")
    #expect(try pull(reference).error == nil)
    let blobs = try layers(reference)
    _ = try helper.store.remove(reference)
    _ = try helper.run(.collect(CollectRequest()))
    // Half of one, all of another, and a third whose bytes are wrong.
    for (index, blob) in blobs.enumerated() {
      var bytes = try FileTree.read(registry.blob(blob.digest.hex))
      if index == 0 { bytes = Array(bytes[..<(bytes.count / 2)]) }
      if index == 2 { bytes[1_000] ^= 1 }
      let file = try OwnedDescriptor.open(
        helper.store.blobs.ingestPath(blob.digest), [.writeOnly, .create])
      try LinuxSystem.Descriptor.writeAll(file.raw, bytes)
    }
    let answer = try pull(reference)
    #expect(answer.error == nil)
    try checkWhole(reference)
    #expect(try helper.leftovers() == [])
  }

  @Test(arguments: ["changed", "short", "empty"]) func refusesASpoiltBlob(how: String) throws {
    let reference = try registry.push("oci:\(layout)", as: "a:1")
    #expect(try pull(reference).error == nil)
    let digest = try layers(reference)[1].digest
    _ = try helper.store.remove(reference)
    _ = try helper.run(.collect(CollectRequest()))
    var bytes = try FileTree.read(registry.blob(digest.hex))
    switch how {
    case "changed": bytes[bytes.count / 2] ^= 1
    case "short": bytes.removeLast(1_000)
    default: bytes = []
    }
    try FileTree.unlink(registry.blob(digest.hex))
    let file = try OwnedDescriptor.open(registry.blob(digest.hex), [.writeOnly, .create])
    try LinuxSystem.Descriptor.writeAll(file.raw, bytes)
    var request = PullRequest(reference: reference)
    request.access.retries = 0
    let answer = try helper.run(.pull(request))
    #expect(answer.status == 1)
    let error = try #require(answer.error)
    #expect(!error.message.contains("\n"))
    if how == "changed" {
      #expect(error.message.contains("instead of sha256:"), "\(error.message)")
    }
    #expect(try helper.store.list() == [])
    _ = try helper.run(.collect(CollectRequest()))
    #expect(try helper.leftovers().filter { !$0.hasSuffix(".part") } == [])
  }

  @Test func healsABlobThatTheDiskSpoilt() throws {
    let reference = try registry.push("oci:\(layout)", as: "a:1")
    #expect(try pull(reference).error == nil)
    let image = try #require(try helper.store.find(reference))
    let blob = helper.store.blobs.path(try layers(reference)[0].digest)
    var bytes = try FileTree.read(blob)
    bytes[5_000] ^= 1
    let file = try OwnedDescriptor.open(blob, [.writeOnly, .truncate])
    try LinuxSystem.Descriptor.writeAll(file.raw, bytes)
    try HelperRun.run("rm", ["-rf", helper.store.layers.path(image.layers[0])], inNamespace: true)
    #expect(try pull(reference).error == nil)
    try checkWhole(reference)
  }

  @Test func sharesTheWorkOfManyPullers() throws {
    let reference = try registry.push("oci:\(layout)", as: "a:1")
    let pulls = try (0..<6).map { _ in
      try helper.start(.pull(PullRequest(reference: reference)))
    }
    for pull in pulls { #expect(try helper.finish(pull).error == nil) }
    try checkWhole(reference)
    #expect(try helper.leftovers() == [])
  }

  @Test func survivesBeingKilledAtAnyMoment() throws {
    let reference = try registry.push("oci:\(layout)", as: "a:1")
    // A fixed seed: the same moments in every run.
    var seed: UInt64 = 42
    for round in 0..<20 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let process = try helper.startInside(.pull(PullRequest(reference: reference)))
      try Clock.pause(milliseconds: Int32(seed >> 33) % 250)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      // What is listed is whole, at once.
      if try helper.store.find(reference) != nil {
        try checkWhole(reference)
        _ = try helper.store.remove(reference)
      }
      if round % 5 == 4 { #expect(try helper.run(.collect(CollectRequest())).error == nil) }
    }
    let answer = try pull(reference)
    #expect(answer.error == nil)
    try checkWhole(reference)
    #expect(try helper.run(.collect(CollectRequest())).error == nil)
    #expect(try helper.leftovers() == [])
  }

  @Test(arguments: ["2m", "6m", "9m", "11m"]) func tellsOfAFullDisk(size: String) throws {
    let reference = try registry.push("oci:\(layout)", as: "a:1")
    let process = try helper.start(
      .pull(PullRequest(reference: reference)),
      prepare: "mount -t tmpfs -o size=\(size),mode=700 none '\(helper.data)'")
    let answer = try helper.finish(process)
    #expect(answer.status == 1)
    let message = try #require(answer.error?.message)
    #expect(message.contains("space"), "\(message)")
    #expect(answer.error?.hint != nil, "\(message)")
  }

  @Test func namesWhatTheRegistryLacks() throws {
    #expect(try pull("\(registry.authority)/nothing:1").error?.kind == .notFound)
    #expect(try helper.store.list() == [])
    #expect(try helper.leftovers() == [])
  }
}
