import LinuxSystem
import Synchronization

/// A user namespace that newuidmap(1) and newgidmap(1) map while its maker does other work: their
/// start takes longer than all that a process needs to come into the namespace.
///
/// It lives until `release`, or until this process ends.
public final class PreparedNamespace: Sendable {
  private let mapping: IDMapping
  private let holding: Mutex<Holding?>

  private struct Holding: ~Copyable {
    let holder: NamespaceHolder
    var writing: MappingHelpers.Writing?
  }

  /// Begins; nil where it could not, which `UserNamespace.spawn` then tells the reason of.
  ///
  /// `neededSoon`: its maker has less to do meanwhile than the helpers.
  public init?(_ plan: UserNamespacePlan, neededSoon: Bool) {
    guard case .map(let mapping) = plan, let helpers = try? MappingHelpers.find(),
      let holder = try? NamespaceHolder([.user]),
      let writing = try? helpers.start(mapping, for: holder.pid, awaitedSoon: neededSoon)
    else { return nil }
    self.mapping = mapping
    holding = Mutex(Holding(holder: holder, writing: writing))
  }

  /// The process that holds the namespace, when it has `mapping`; nil for another one.
  ///
  /// - Throws: What the helpers complained of.
  func pid(mapped mapping: IDMapping) throws(UserNamespaceError) -> Int32? {
    guard mapping == self.mapping else { return nil }
    return try holding.withLock { holding throws(UserNamespaceError) -> Int32? in
      guard var held = holding.take() else { return nil }
      let pid = held.holder.pid
      if let writing = held.writing.take() { try writing.finish() }
      holding = consume held
      return pid
    }
  }

  /// Lets the namespace go; processes in it keep it.
  public func release() {
    holding.withLock { holding in _ = holding.take() }
  }
}
