import LinuxSystem

/// A layer of an image's names, owners and permissions, whose files refer to the contents that other
/// layers have: metadata for one mapping of ids, without a copy of the image.
///
/// Overlayfs follows such references from a mount of a user namespace into data-only layers since
/// Linux 6.16. A file carries `user.overlay.metacopy` and, in `user.overlay.redirect`, the path of
/// its contents.
public enum ReferringLayer {
  private static let part = "refer"

  /// The directory of the layer's files, in a directory of mapped layers.
  public static func directory(_ path: String) -> String { "\(path)/\(part)" }

  /// Whether the path of a mapped layer is one of these.
  public static func isOne(_ path: String) -> Bool { path.hasSuffix("/\(part)") }

  /// What such a layer for a mapping is called beside a copy for the same.
  public static func name(_ map: String) -> String { "r\(map)" }

  /// Whether the kernel follows references, tried in `directory`.
  ///
  /// To be called inside the user namespace, by a process with mounts of its own. Anything that goes
  /// wrong means no: then there is a copy.
  public static func isPossible(in directory: String) -> Bool {
    guard let name = try? CurrentProcess.randomBytes(6) else { return false }
    let place = "\(directory)/ingest-probe-" + name.map { String($0, radix: 16) }.joined()
    defer {
      // What stays a collection removes.
      try? FileTree.removeTree(place)
    }
    do throws(SystemError) {
      for part in ["data", "names", "upper", "work", "root"] {
        try FileTree.ensureDirectory("\(place)/\(part)")
      }
      try FileTree.write("\(place)/data/from", "contents")
      let file = try OwnedDescriptor.open(
        "\(place)/names/to", [.writeOnly, .create, .exclusive], mode: 0o600)
      try OpenFile.setSize(file.raw, 8)
      try ExtendedAttributes.set(file.raw, "user.overlay.redirect", Array("/from".utf8))
      try ExtendedAttributes.set(file.raw, "user.overlay.metacopy", [])
      let root = ContainerRootfs(
        layersRoot: place, layers: ["names"], contents: ["data"], upper: "\(place)/upper",
        work: "\(place)/work", merged: "\(place)/root")
      guard (try? root.mount(volatile: false, preferred: .overlay)) != nil else { return false }
      let text = try? FileTree.readText("\(place)/root/to")
      try MountCall.detach("\(place)/root")
      try CurrentProcess.changeDirectory("/")
      return text == "contents"
    } catch { return false }
  }
}
