import ImageStore
import LinuxSystem
import Model

/// `export`: a container's files as a tar archive.
public struct ExportContainer {
  private let context: EngineContext

  public init(_ context: EngineContext) { self.context = context }

  /// Writes the archive to `path`, or to standard output when nil.
  ///
  /// What is mounted in the container is left out. A file that could not be finished is removed.
  public func run(_ id: String, to path: String?) throws {
    let files = try ContainerFiles(context, id)
    guard let path else { return try write(files, to: nil) }
    let output: OwnedDescriptor
    do throws(SystemError) {
      output = try OwnedDescriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644)
    } catch {
      throw ErrorReport(.unavailable, "cannot write \(path): \(error.reason)")
    }
    do {
      try write(files, to: output.raw)
    } catch {
      if try FileStatus.of(descriptor: output.raw).kind == .regular {
        try FileTree.unlinkIfPresent(path)
      }
      throw error
    }
  }

  private func write(_ files: ContainerFiles, to output: Int32?) throws {
    let view = try files.bareRoot()
    let name = files.config.name
    let ids = try files.ids()
    _ = try HelperClient(context).run(
      descriptors: view.descriptor.map { [(HelperRequest.treeDescriptor, $0)] } ?? [],
      output: output
    ) {
      .export(ExportRequest(tree: try files.place(view, ids: ids, name: name)))
    }
    context.note("export", files.config)
    // Until here the container must not start.
    withExtendedLifetime((files, view)) {}
  }
}

extension ContainerFiles {
  /// The root for the helper, mounted now if nobody has it mounted.
  func place(_ view: LayersView, ids: TreeIDs, name: String) throws -> TreePlace {
    TreePlace(
      root: try view.descriptor == nil ? view.path ?? mount(withVolumes: false) : "/",
      descriptor: view.descriptor == nil ? nil : HelperRequest.treeDescriptor, path: "/", ids: ids,
      owner: "container \(name)")
  }
}
