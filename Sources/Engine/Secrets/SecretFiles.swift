import LinuxSystem
import Model
import UserNamespaces

/// Gives a starting container its secrets: files in a tmpfs of the monitor's mount namespace, which
/// nothing else sees and which ends with it, and variables in the bundle.
struct SecretFiles {
  let context: EngineContext
  let config: ContainerConfig
  /// The container's ids in ours, where they differ.
  let nested: IDMapping?

  /// Writes the files below `directory`.
  ///
  /// - Returns: each file's place in the container, and where it is now.
  func write(in directory: String) throws -> [PlacedFile] {
    let wanted = config.secrets.filter { !$0.isVariable }
    if wanted.isEmpty { return [] }
    try FileTree.ensureDirectory(directory)
    let tree = try MountCall.makeFilesystem(
      "tmpfs", options: ["mode=0755", "size=\(max(1, wanted.count) << 20)"],
      attributes: [.noSetID, .noDevices, .noExecute])
    try MountCall.move(tree.raw, to: directory)
    var files: [PlacedFile] = []
    for (index, secret) in wanted.enumerated() {
      let path = "\(directory)/\(index)"
      try FileTree.write(path, "", mode: 0o600)
      let file = try OwnedDescriptor.open(path, [.writeOnly])
      try Descriptor.writeAll(file.raw, try content(secret))
      try OpenFile.setOwner(
        file.raw, uid: try inside(secret.uid, nested?.users),
        gid: try inside(secret.gid, nested?.groups))
      try OpenFile.setMode(file.raw, secret.mode & 0o7777)
      files.append(PlacedFile(destination: secret.target, source: path))
    }
    return files
  }

  /// Variables of the container's process, `NAME=VALUE`.
  func variables() throws -> [String] {
    try config.secrets.filter(\.isVariable).map { secret in
      "\(secret.target)=\(String(decoding: try content(secret), as: UTF8.self))"
    }
  }

  private func content(_ secret: ContainerSecret) throws -> [UInt8] {
    let store = SecretStore(context)
    // A secret that was replaced has another id, and the same name.
    guard let found = try store.find(secret.id) ?? store.find(secret.name) else {
      throw SecretError.unknown(secret.name)
    }
    return try store.content(found)
  }

  private func inside(_ id: UInt32, _ map: [IDRange]?) throws(ErrorReport) -> UInt32 {
    guard let map else { return id }
    guard let mapped = IDMapping.outside(id, in: map) else {
      throw ErrorReport(.invalidRequest, "secret owner \(id) is not mapped into the container")
    }
    return mapped
  }
}
