import ImageDocuments
import Model
import OCISpec
import Testing

@Suite struct ImageConfigTests {
  static let digest = "sha256:" + String(repeating: "b", count: 64)

  static func config(_ execution: String, diffIDs: [String] = [digest]) -> [UInt8] {
    let list = diffIDs.map { "\"\($0)\"" }.joined(separator: ",")
    return Array(
      """
      {"architecture":"arm64","variant":"v8","os":"linux","config":\(execution),"extra":{},
       "created":"2024-01-01T00:00:00Z","rootfs":{"type":"layers","diff_ids":[\(list)]},
       "history":[{"created_by":"RUN x","empty_layer":true}]}
      """.utf8)
  }

  @Test func readsWhatDockerWrites() throws {
    let bytes = Self.config(
      """
      {"User":"1:2","ExposedPorts":{"80/tcp":{},"443/tcp":{}},"Env":["A=1","B="],
       "Entrypoint":["/e"],"Cmd":["a","b"],"Volumes":{"/v":{}},"WorkingDir":"/w",
       "Labels":{"k":"v"},"StopSignal":"SIGINT","Shell":["/bin/bash","-c"],"OnBuild":["RUN y"],
       "Healthcheck":{"Test":["CMD","x"],"Interval":1000000000,"Retries":3}}
      """)
    let config = try ImageConfig.decode(bytes)
    #expect(config.platform == (try Platform("linux/arm64")))
    #expect(config.history?.first?.emptyLayer == true)
    #expect(config.rootfs.diffIDs.map(\.description) == [Self.digest])
    let execution = try #require(config.config)
    #expect(execution.user == "1:2")
    #expect(execution.exposedPorts == ["443/tcp", "80/tcp"])
    #expect(execution.environment == ["A=1", "B="])
    #expect(execution.entrypoint == ["/e"])
    #expect(execution.command == ["a", "b"])
    #expect(execution.volumes == ["/v"])
    #expect(execution.workingDirectory == "/w")
    #expect(execution.labels == ["k": "v"])
    #expect(execution.stopSignal == "SIGINT")
    #expect(execution.shell == ["/bin/bash", "-c"])
    #expect(execution.onBuild == ["RUN y"])
    #expect(execution.healthcheck?.interval == 1_000_000_000)
    #expect(execution.healthcheck?.retries == 3)
  }

  @Test func nullsAreAbsent() throws {
    let config = try ImageConfig.decode(
      Self.config(
        "{\"User\":\"\",\"ExposedPorts\":null,\"Env\":null,\"Cmd\":null,\"Volumes\":null,\"Labels\":null}"
      ))
    #expect(config.config?.environment == [])
    #expect(config.config?.command == nil)
    #expect(try ImageConfig.decode(Self.config("null")).config == nil)
  }

  @Test func dropsEnvironmentEntriesThatAssignNothing() throws {
    let bytes = Self.config("{\"Env\":[\"PATH=/bin\",\"SECRET\",\"=x\",\"\",\"N=a\\u0000b\"]}")
    #expect(try ImageConfig.decode(bytes).config?.environment == ["PATH=/bin"])
  }

  @Test func encodesToWhatItReads() throws {
    var execution = ImageConfig.Execution()
    execution.exposedPorts = ["80/tcp"]
    execution.environment = ["A=/b"]
    execution.volumes = ["/v"]
    let config = ImageConfig(
      platform: try Platform("linux/arm64/v9"), diffIDs: [try Digest(Self.digest)],
      config: execution)
    let bytes = config.encoded()
    #expect(try ImageConfig.decode(bytes) == config)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("\"ExposedPorts\":{\"80/tcp\":{}}"))
    #expect(text.contains("\"Env\":[\"A=/b\"]"))
  }

  @Test func refusesAnotherNumberOfLayersThanTheManifest() throws {
    let config = try ImageConfig.decode(Self.config("{}"))
    let blob = Descriptor(mediaType: .ociConfig, digest: try Digest(Self.digest), size: 1)
    try config.check(against: Manifest(config: blob, layers: [blob]))
    #expect(throws: ImageSpecError.self) {
      try config.check(against: Manifest(config: blob, layers: []))
    }
  }

  @Test func limitsLayersAndBytes() {
    let many = Array(repeating: Self.digest, count: 501)
    #expect(throws: ImageSpecError.tooManyLayers(501)) {
      try ImageConfig.decode(Self.config("{}", diffIDs: many))
    }
    let padded = Self.config("{}") + [UInt8](repeating: 0x20, count: ImageConfig.sizeLimit)
    #expect(throws: ImageSpecError.self) { try ImageConfig.decode(padded) }
  }
}
