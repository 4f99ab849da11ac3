/// Where one container's log comes from, oldest record first.
protocol LogSource: AnyObject {
  /// The next record; nil when there is none at the moment.
  func next() throws -> LogLine?

  /// What becomes readable when more may have come, and the directory whose changes tell it.
  var descriptor: Int32? { get }
  var directory: String? { get }

  /// The container has ended: from here on nil means that nothing more comes.
  func containerEnded() throws
}

extension LogSource {
  var descriptor: Int32? { nil }
  var directory: String? { nil }
  func containerEnded() throws {}
}
