import StateStore
import FoundationEssentials
import ImageStore
import LinuxSystem
import Model

/// The whole of `martlet-image`: one request, its events, and an exit status.
public enum HelperProgram {
  static let requestLimit = 16 << 20

  public static func run() -> Int32 {
    let reporter = Reporter()
    do {
      ResourceLimit.raiseOpenFiles()
      // A layer's window of zstd is 8 MB and more, and there are several layers at a time.
      FreedMemory.giveBack(from: 1 << 20)
      CurrentProcess.setUmask(0o077)
      // A limit on sizes of files shall be an error with a name (setrlimit(2), SIGXFSZ).
      try SignalSet.ignore(25)
      let request = try readRequest()
      reporter.finish(try perform(request, reporter))
      return 0
    } catch {
      reporter.fail(report(of: error))
      return 1
    }
  }

  private static func readRequest() throws -> HelperRequest {
    let bytes = try Descriptor.readAll(Descriptor.standardInput, limit: requestLimit)
    let request: HelperRequest
    do {
      request = try JSONDecoder().decode(HelperRequest.self, from: Data(bytes))
    } catch {
      throw OperationError.badRequest("\(error)")
    }
    guard request.dataRoot.hasPrefix("/") else {
      throw OperationError.badRequest("dataRoot is not absolute")
    }
    return request
  }

  private static func perform(_ request: HelperRequest, _ reporter: Reporter) throws
    -> HelperEvent.Result
  {
    let store = ImageStore(data: request.dataRoot, additional: request.additionalRoots)
    try store.prepare()
    if !request.operation.needsNetwork { Sandbox.enter() }
    switch request.operation {
    case .pull(let pull): return try PullImage(store: store, reporter: reporter).run(pull)
    case .login(let login): return try RegistryLogin(request: login, reporter: reporter).run()
    case .tags(let tags): return try ListTags(reporter: reporter).run(tags)
    case .push(let push): return try PushImage(store: store, reporter: reporter).run(push)
    case .list(let list): return try ChangeList(store: store, reporter: reporter).run(list)
    case .search(let search): return try SearchRegistry(reporter: reporter).run(search)
    case .load(let load): return try LoadImages(store: store, reporter: reporter).run(load)
    case .save(let save): return try SaveImages(store: store, reporter: reporter).run(save)
    case .importRootfs(let rootfs):
      return try ImportRootfs(store: store, reporter: reporter).run(rootfs)
    case .remap(let remap): return try RemapImage(store: store, reporter: reporter).run(remap)
    case .unpack(let unpack): return try UnpackImage(store: store, reporter: reporter).run(unpack)
    case .copyImage(let copy): return try CopyImageFiles(store: store, reporter: reporter).run(copy)
    case .collect(let collect): return try CollectGarbage(store: store).run(collect)
    case .check(let check): return try CheckStore(store: store, reporter: reporter).run(check)
    case .removeTrees(let trees):
      return try RemoveTrees(data: request.dataRoot).run(trees)
    case .copy(let copy): return try CopyFiles().run(copy)
    case .listChanges(let tree): return try ListChanges(tree).run()
    case .export(let export): return try ExportFiles().run(export)
    case .commit(let commit):
      return try CommitContainer(store: store, reporter: reporter).run(commit)
    }
  }

  static func report(of error: any Error) -> ErrorReport {
    if let error = error as? any ReportableError { return error.report }
    if let error = error as? SystemError { return error.stateReport }
    return ErrorReport(.bug, "this is a bug: \(error)")
  }
}

extension HelperRequest.Operation {
  /// Whether it may have to talk to a registry or another server.
  var needsNetwork: Bool {
    switch self {
    case .save, .remap, .unpack, .copyImage, .collect, .removeTrees: false
    case .load(let request): request.path.contains("://")
    case .importRootfs(let request): request.path.contains("://")
    default: true
    }
  }
}
