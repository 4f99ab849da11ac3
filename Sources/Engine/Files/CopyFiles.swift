import ImageStore
import LinuxSystem
public import Model

/// `cp`: files between a container and the machine, two containers, or an archive.
public struct CopyFiles {
  public enum Place: Equatable, Sendable {
    /// A path of the machine, absolute or relative to the working directory.
    case host(String)
    /// A path in a container, absolute or relative to its working directory.
    case container(String, path: String)
    /// A tar archive on standard input or output.
    case stream

    /// Reads `[CONTAINER:]PATH` or `-`; a path with a colon is written with a slash or dot first.
    public init(_ text: String) throws(ErrorReport) {
      if text == "-" {
        self = .stream
        return
      }
      guard !text.hasPrefix("/"), !text.hasPrefix("."), let colon = text.firstIndex(of: ":"),
        colon != text.startIndex
      else {
        guard !text.isEmpty else {
          throw ErrorReport(.invalidRequest, "an empty path names nothing to copy")
        }
        self = .host(text)
        return
      }
      let path = String(text[text.index(after: colon)...])
      guard !path.isEmpty else {
        throw ErrorReport(
          .invalidRequest, "\"\(text)\" names no path in the container",
          hint: "write \(text)/ for its root")
      }
      self = .container(String(text[..<colon]), path: path)
    }
  }

  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Copies `source` to `target`; at least one of them is a container.
  ///
  /// `keepsOwners`: else copies belong to the container's user, or to the caller. `overwrites`:
  /// directories may replace other files and the other way round.
  public func run(from source: Place, to target: Place, keepsOwners: Bool, overwrites: Bool) throws
  {
    let from = try open(source, besides: nil)
    let into = try open(target, besides: from.files)
    guard from.isContainer || into.isContainer else {
      throw ErrorReport(
        .invalidRequest, "one of the two must be a container's path",
        hint: "write CONTAINER:PATH")
    }
    var descriptors: [(Int32, Int32)] = []
    if let own = from.descriptor { descriptors.append((Self.sourceDescriptor, own)) }
    if let own = into.descriptor { descriptors.append((Self.targetDescriptor, own)) }
    _ = try HelperClient(context).run(descriptors: descriptors) {
      var request = CopyRequest(source: nil, target: nil)
      request.overwrites = overwrites
      request.source = try from.place(Self.sourceDescriptor)
      request.target = try into.place(Self.targetDescriptor)
      if !keepsOwners, let target = request.target { request.owner = try into.user(target.root) }
      return .copy(request)
    }
    // Until here their containers must not start.
    withExtendedLifetime((from.files, into.files)) {}
  }

  private static let sourceDescriptor = HelperRequest.treeDescriptor
  private static let targetDescriptor = HelperRequest.treeDescriptor + 1

  /// One side of a copy.
  private struct Side {
    let place: Place
    let files: ContainerFiles?
    let directory: String

    var isContainer: Bool {
      if case .container = place { return true }
      return false
    }

    var descriptor: Int32? { files?.descriptor }

    /// In the helper's process; nil for an archive.
    func place(_ descriptor: Int32) throws -> TreePlace? {
      switch place {
      case .stream: return nil
      case .host(let path):
        return TreePlace(
          root: "/", path: CopyFiles.absolute(path, in: directory), given: path,
          owner: "the host")
      case .container(let name, let path):
        guard let root = try files?.mount(withVolumes: true), let ids = try files?.ids() else {
          return nil
        }
        return TreePlace(
          root: root, descriptor: files?.descriptor == nil ? nil : descriptor,
          path: CopyFiles.absolute(path, in: directory), given: path, ids: ids,
          owner: "container \(name)")
      }
    }

    func user(_ root: String) throws -> CopyRequest.Owner {
      try files?.user(root: root) ?? CopyRequest.Owner(uid: 0, gid: 0)
    }
  }

  /// `other`: the other side's files, for a copy within one container, which has one lock.
  private func open(_ place: Place, besides other: ContainerFiles?) throws -> Side {
    switch place {
    case .stream: return Side(place: place, files: nil, directory: "/")
    case .host:
      return Side(place: place, files: nil, directory: try CurrentProcess.workingDirectory())
    case .container(let name, _):
      let id = try ContainerStore(context).resolve(name)
      let files = try other.flatMap { $0.config.id == id ? $0 : nil } ?? ContainerFiles(context, id)
      let directory = files.config.process.workingDirectory
      return Side(place: place, files: files, directory: directory)
    }
  }

  private static func absolute(_ path: String, in directory: String) -> String {
    if path.hasPrefix("/") { return path }
    return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
  }
}
