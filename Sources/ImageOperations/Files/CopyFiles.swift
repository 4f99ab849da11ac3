import ImageStore
import LayerArchive
import LinuxSystem
import Model

/// Copies files between trees, by the rules of `cp` of docker and podman.
struct CopyFiles {
  func run(_ request: CopyRequest) throws -> HelperEvent.Result {
    _ = CurrentProcess.setUmask(0)
    switch (request.source, request.target) {
    case (let source?, let target?): try copy(request, source, target)
    case (let source?, nil): try archive(source)
    case (nil, let target?): try unpack(request, target)
    case (nil, nil): throw OperationError.badRequest("nothing to copy from and to")
    }
    return HelperEvent.Result()
  }

  // MARK: From tree to tree

  private func copy(_ request: CopyRequest, _ source: TreePlace, _ target: TreePlace) throws {
    let from = try TreeRoot(source)
    let file = try locateSource(from)
    let into = try TreeRoot(target)
    let destination = try destination(into, file, source, request)
    let receiver = try receiver(into, destination.directory, request)
    let owners = TreeOwners(source.ids)
    var options = TreeSender.Options()
    options.crossesMounts = true
    options.owner = { (owner) throws(ArchiveError) in owners.inside(owner) }
    let copy = CopyIdentity(root: into, destination)
    options.leavesOut = { path, status in copy.contains(path, status) }
    try send(file, as: destination.name, to: receiver, options)
    try receiver.finish()
  }

  private func send(
    _ file: borrowing LocatedFile, as name: RawPath?, to sink: any EntrySink,
    _ options: TreeSender.Options
  ) throws {
    let sender = TreeSender(sink, options)
    if let name, let own = file.name {
      try sender.send(own, in: file.directory, as: name)
    } else {
      try sender.sendContents(of: try file.openDirectory(), under: name)
    }
  }

  private func locateSource(_ root: borrowing TreeRoot) throws -> LocatedFile {
    let file = try root.locate(root.place.path)
    guard file.status != nil else { throw TreeRoot.missing(root.place) }
    if root.place.path.hasSuffix("/"), !file.isDirectory {
      throw ErrorReport(
        .invalidRequest, "\"\(root.place.path)\" on \(root.place.owner) is not a directory")
    }
    return file
  }

  private func receiver(_ root: borrowing TreeRoot, _ directory: String, _ request: CopyRequest)
    throws -> TreeReceiver
  {
    guard let path = RawPath(directory) else { throw OperationError.badRequest("empty path") }
    let owners = TreeOwners(root.place.ids)
    let fixed = request.owner
    var options = TreeReceiver.Options()
    options.replacesOtherKinds = request.overwrites
    options.owner = { (owner) throws(ArchiveError) in
      try owners.outside(fixed.map { ($0.uid, $0.gid) } ?? owner)
    }
    let handle = try root.handle.openDirectory(.current)
    return try TreeReceiver(root: handle, path: path, options)
  }

  // MARK: Archives

  private func archive(_ place: TreePlace) throws {
    let root = try TreeRoot(place)
    let file = try locateSource(root)
    let writer = TarWriter { (bytes, range) throws(ArchiveError) in
      do throws(SystemError) {
        try OpenFile.write(HelperRequest.userOutput, bytes, range)
      } catch {
        throw .source(ErrorReport(.unavailable, "writing the archive: \(error.reason)"))
      }
    }
    let sink = ArchiveSink(writer)
    let owners = TreeOwners(place.ids)
    var options = TreeSender.Options()
    options.crossesMounts = true
    options.owner = { (owner) throws(ArchiveError) in owners.inside(owner) }
    let name = place.path.hasSuffix("/.") ? nil : Destination.lastPart(place.path)
    try send(file, as: file.name == nil ? nil : name, to: sink, options)
    try sink.finish()
  }

  private func unpack(_ request: CopyRequest, _ place: TreePlace) throws {
    let root = try TreeRoot(place)
    let target = try root.locate(place.path)
    guard target.isDirectory else {
      throw ErrorReport(
        .invalidRequest, "destination must be a directory when copying from stdin")
    }
    let receiver = try receiver(root, target.path, request)
    let reader = TarReader(Decompressor(DescriptorSource(HelperRequest.userInput)))
    do throws(ArchiveError) { try receiver.receive(reader) } catch .truncated {
      throw ErrorReport(
        .invalidRequest, "source must be a (compressed) tar archive when copying from stdin")
    }
    try reader.drain()
    try receiver.finish()
  }
}

/// Where a copy goes: a directory that exists, and the copy's name there.
private struct Destination {
  var directory: String
  /// Nil: the source's contents go into the directory.
  var name: RawPath?

  static func lastPart(_ path: String) -> RawPath? {
    let parts = TreeRoot.trimmed(path).split(separator: "/")
    guard let last = parts.last, last != ".." else { return nil }
    return RawPath(String(last))
  }
}

extension CopyFiles {
  private func destination(
    _ root: borrowing TreeRoot, _ file: borrowing LocatedFile, _ source: TreePlace,
    _ request: CopyRequest
  ) throws -> Destination {
    let place = root.place
    let target = try root.locate(place.path)
    let isContents = source.path.hasSuffix("/.") || file.name == nil
    let namesDirectory = place.path.hasSuffix("/") || place.path.hasSuffix("/.")
    switch target.status?.kind {
    case .directory?:
      let name = isContents ? nil : Destination.lastPart(source.path) ?? file.name
      return Destination(directory: target.path, name: name)
    case .some:
      if file.isDirectory, !request.overwrites {
        throw ErrorReport(
          .invalidRequest, "destination must be a directory when copying a directory")
      }
      guard !namesDirectory else {
        throw ErrorReport(
          .invalidRequest, "\"\(place.path)\" on \(place.owner) is not a directory")
      }
      return Destination(directory: target.directoryPath, name: target.name)
    case nil:
      if namesDirectory, !file.isDirectory { throw TreeRoot.missing(place) }
      return Destination(directory: target.directoryPath, name: target.name)
    }
  }

  /// Recognises the copy itself, for a directory that is copied into itself.
  private final class CopyIdentity {
    private final class Place {
      let handle: DirectoryHandle
      init(_ handle: consuming DirectoryHandle) { self.handle = handle }
    }

    private let place: Place?
    private let name: RawPath?
    private var top: FileStatus?

    init(root: borrowing TreeRoot, _ destination: Destination) {
      name = destination.name
      guard let path = RawPath(destination.directory),
        let handle = try? root.handle.openDirectory(path, links: .inside, crossesMounts: true)
      else {
        place = nil
        return
      }
      place = Place(handle)
    }

    func contains(_ path: RawPath, _ status: FileStatus) -> Bool {
      guard status.kind == .directory, let name, path != name else { return false }
      if top == nil, let place { top = try? place.handle.find(name) }
      return top?.inode == status.inode && top?.device == status.device
    }
  }
}
