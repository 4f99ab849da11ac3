import ImageStore
import LinuxSystem
import Model

/// A place that was looked up in its tree, links followed as a process with that root would.
///
/// It is a name in an open directory, so what happens to the path afterwards changes nothing.
struct LocatedFile: ~Copyable {
  let directory: DirectoryHandle
  /// Of `directory`, in the tree.
  let directoryPath: String
  /// Nil: the directory itself (`/`, or a path that ends in `..`).
  let name: RawPath?
  /// Nil: nothing has the name.
  let status: FileStatus?

  var isDirectory: Bool { status?.kind == .directory }

  /// The path without links in its last part.
  var path: String { name.map { TreeRoot.join(directoryPath, $0.text) } ?? directoryPath }

  /// Opens the directory that was found.
  func openDirectory() throws(SystemError) -> DirectoryHandle {
    try directory.openDirectory(name ?? .current, crossesMounts: true)
  }
}

/// The root of a tree that paths are looked up in.
struct TreeRoot: ~Copyable {
  let handle: DirectoryHandle
  let place: TreePlace

  init(_ place: TreePlace) throws(SystemError) {
    self.place = place
    if let descriptor = place.descriptor {
      handle = DirectoryHandle(
        owning: try OwnedDescriptor.open(".", [.path, .directory], in: descriptor))
    } else {
      handle = DirectoryHandle(owning: try OwnedDescriptor.open(place.root, [.path, .directory]))
    }
  }

  static func join(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  /// The path without slashes, and `/.`, at its end.
  static func trimmed(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") || path.hasSuffix("/.") { path.removeLast() }
    return path.isEmpty || path == "." ? "/" : String(path)
  }

  /// Looks `path` up; the directory that it is in must exist.
  func locate(_ path: String) throws -> LocatedFile {
    var path = Self.trimmed(path)
    // As many links as the kernel follows (path_resolution(7)).
    for _ in 0..<40 {
      let slash = path.lastIndex(of: "/") ?? path.startIndex
      let last = String(path[slash...].dropFirst())
      let parent = slash == path.startIndex ? "/" : String(path[..<slash])
      guard last != "..", let name = RawPath(last) else {
        let directory = try open(path)
        let status = try directory.status()
        return LocatedFile(directory: directory, directoryPath: path, name: nil, status: status)
      }
      let directory = try open(parent)
      let status = try directory.find(name)
      guard status?.kind == .symbolicLink else {
        return LocatedFile(
          directory: directory, directoryPath: parent, name: name, status: status)
      }
      let target = try directory.linkTarget(name).text
      path = Self.trimmed(target.hasPrefix("/") ? target : Self.join(parent, target))
    }
    throw SystemError("open", path, errno: Errno.loop)
  }

  private func open(_ path: String) throws -> DirectoryHandle {
    guard let raw = RawPath(path) else { throw Self.missing(place) }
    do throws(SystemError) {
      return try handle.openDirectory(raw, links: .inside, crossesMounts: true)
    } catch {
      guard error.errno == Errno.noEntry else {
        throw ErrorReport(
          .invalidRequest, "\"\(path)\" on \(place.owner): \(error.reason)")
      }
      throw Self.missing(place)
    }
  }

  static func missing(_ place: TreePlace) -> ErrorReport {
    ErrorReport(
      .notFound,
      "\"\(place.given ?? place.path)\" could not be found on \(place.owner): no such file or directory"
    )
  }
}
