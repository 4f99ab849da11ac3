/// Some of the kinds of namespace.
///
/// A word of CLONE_NEW* bits: a `Set` of a type of ours has its hash table's code looked up at run
/// time, which costs each program 0.1 ms at its start.
public struct NamespaceSet: Equatable, Sendable, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  /// The bits of all, for clone(2), unshare(2) and setns(2).
  public private(set) var cloneFlags: UInt64 = 0

  public init(arrayLiteral kinds: Namespace...) {
    for kind in kinds { cloneFlags |= kind.cloneFlag }
  }

  public var isEmpty: Bool { cloneFlags == 0 }

  /// In the order of `Namespace.allCases`.
  public var kinds: [Namespace] { Namespace.allCases.filter(contains) }

  public var description: String { kinds.map(\.rawValue).joined(separator: " ") }

  public func contains(_ kind: Namespace) -> Bool { cloneFlags & kind.cloneFlag != 0 }

  public mutating func insert(_ kind: Namespace) { cloneFlags |= kind.cloneFlag }

  public func union(_ other: NamespaceSet) -> NamespaceSet {
    NamespaceSet(cloneFlags: cloneFlags | other.cloneFlags)
  }

  public func intersection(_ other: NamespaceSet) -> NamespaceSet {
    NamespaceSet(cloneFlags: cloneFlags & other.cloneFlags)
  }

  public func subtracting(_ other: NamespaceSet) -> NamespaceSet {
    NamespaceSet(cloneFlags: cloneFlags & ~other.cloneFlags)
  }

  private init(cloneFlags: UInt64) { self.cloneFlags = cloneFlags }
}
