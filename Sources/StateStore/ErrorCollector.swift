public import Model

/// The failures of steps that must all be tried, as in taking something down.
public struct ErrorCollector {
  public private(set) var errors: [any Error] = []

  public init() {}

  public var isEmpty: Bool { errors.isEmpty }

  /// Runs a step; its failure is kept and the next step goes on.
  public mutating func collect(_ step: () throws -> Void) {
    do { try step() } catch { errors.append(error) }
  }

  public mutating func add(_ error: any Error) { errors.append(error) }

  /// Throws when any step failed.
  public func check() throws(CollectedErrors) {
    if !errors.isEmpty { throw CollectedErrors(errors) }
  }
}

/// One or more failures, told as one: the first in full, the others behind it.
public struct CollectedErrors: ReportableError {
  public let errors: [any Error]

  /// - Parameter errors: at least one.
  public init(_ errors: [any Error]) {
    precondition(!errors.isEmpty)
    self.errors = errors
  }

  public var report: ErrorReport {
    let reports = errors.map {
      ($0 as? any ReportableError)?.report ?? ErrorReport(.unavailable, "\($0)")
    }
    return ErrorReport(
      reports[0].kind, reports.map(\.message).joined(separator: "; "),
      hint: reports.lazy.compactMap(\.hint).first)
  }
}
