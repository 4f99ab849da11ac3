import ImageStore
import LinuxSystem
public import Model
import RegistryConfig

/// A store of images that storage.conf names for reading (`additionalimagestores`).
public struct AdditionalStore: Equatable, Sendable {
  public enum State: String, Sendable {
    case usable
    /// There is nothing: what it is on may not be mounted.
    case missing
    /// Its files are closed to us.
    case unreadable
    /// Something else, such as a store of podman's.
    case foreign
  }

  /// Its data directory: what its owner gives as `--root`.
  public var path: String
  public var state: State

  init(_ path: String) {
    self.path = path
    state = Self.state(of: path)
  }

  private static func state(of path: String) -> State {
    do throws(SystemError) {
      let records = "\(path)/images/records"
      guard let first = try FileTree.list(records).first(where: { !$0.hasPrefix(".") }) else {
        return .usable
      }
      _ = try OwnedDescriptor.open("\(records)/\(first)")
      return .usable
    } catch {
      if error.errno == Errno.accessDenied { return .unreadable }
      let names = (try? FileTree.list(path)) ?? []
      return names.isEmpty ? .missing : .foreign
    }
  }

  /// What to tell a user who may miss an image; nil when there is nothing to tell.
  public var warning: ErrorReport? {
    switch state {
    case .usable, .foreign: nil
    case .missing:
      ErrorReport(
        .unavailable, "the image store \(path) of storage.conf is not there",
        hint: "mount what it is on, or take it out of additionalimagestores")
    case .unreadable:
      ErrorReport(
        .unavailable, "the image store \(path) of storage.conf cannot be read",
        hint: "sudo chmod -R a+rX \(path)/images")
    }
  }
}

extension AdditionalStore {
  /// The refusal of what would change an image or a list there; nil for all others.
  static func refusal(ifLent word: String, _ store: ImageStore) -> ErrorReport? {
    if let lender = store.lender(of: ResolveImage.withoutTransport(word)) {
      return refusal(word, place: lender.data)
    }
    guard let lender = ManifestListStore(store).lender(of: word) else { return nil }
    return ErrorReport(
      .notPermitted,
      "manifest list \(word) is in the store \(lender.data), which is only read",
      hint: "make one of your own of it: martlet tag \(word) NAME")
  }

  /// Why an image stays as it is.
  static func refusal(_ image: String, _ store: ImageStore) -> ErrorReport {
    refusal(image, place: store.lender(of: ResolveImage.withoutTransport(image))?.data ?? "")
  }

  private static func refusal(_ image: String, place: String) -> ErrorReport {
    ErrorReport(
      .notPermitted, "image \(image) is in the store \(place), which is only read",
      hint: "its owner removes it with: martlet --root \(place) rmi \(image)")
  }
}

extension EngineContext {
  func findAdditionalStores() throws -> [AdditionalStore] {
    try ConfigFiles.current.storage().additionalStores
      .filter { path in
        // Whoever prepares such a store works with it as his own.
        path != dataRoot && (try? FileTree.resolve(path)) != (try? FileTree.resolve(dataRoot))
      }.map { AdditionalStore($0) }
  }

  /// Their data directories, as far as images can be had there.
  ///
  /// A storage.conf that cannot be read has been told of, or will be, by what needs more of it.
  var additionalRoots: [String] {
    ((try? additionalStores()) ?? []).filter { $0.state == .usable }.map(\.path)
  }

  /// This user's images, and those of additional stores behind them.
  var imageStore: ImageStore { ImageStore(data: dataRoot, additional: additionalRoots) }
}
