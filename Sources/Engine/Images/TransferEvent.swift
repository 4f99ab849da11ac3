import ImageStore

/// What happens while an image comes or goes.
public enum TransferEvent: Equatable, Sendable {
  case progress(TransferProgress)
  case warning(String)
}

/// How far one piece of an image is.
public struct TransferProgress: Equatable, Sendable {
  public enum Status: String, Sendable {
    case waiting, downloading, extracting, done, exists, copying
  }

  /// The first digits of a digest, or a word.
  public var id: String
  public var status: Status
  /// Bytes.
  public var current: Int64?
  public var total: Int64?

  public init(id: String, status: Status, current: Int64? = nil, total: Int64? = nil) {
    self.id = id
    self.status = status
    self.current = current
    self.total = total
  }

  init(_ progress: HelperEvent.Progress) {
    let status: Status =
      switch progress.status {
      case .waiting: .waiting
      case .downloading: .downloading
      case .extracting: .extracting
      case .done: .done
      case .exists: .exists
      case .copying: .copying
      }
    self.init(
      id: progress.id, status: status, current: progress.current, total: progress.total)
  }
}
