/// What to undo if an operation fails halfway, declared next to what it undoes.
///
/// The actions run in reverse order when the value goes out of scope without `commit()`.
public struct Rollback: ~Copyable {
  private var actions: [() -> Void] = []

  public init() {}

  deinit {
    for action in actions.reversed() { action() }
  }

  public mutating func onFailure(_ action: @escaping () -> Void) { actions.append(action) }

  /// The operation is done: nothing will be undone.
  public mutating func commit() { actions.removeAll() }
}
