import LinuxSystem
import Model

// The talk between the runtime (P) and the init stage (I) over one SOCK_SEQPACKET pair:
//
//   P                                I
//   clone3, maps, cgroup
//   proceed  ─────────────────────▶  enters the namespaces, mounts
//            ◀─────────────────────  copyMapped i        for each mount whose source is the container's
//   proceed [fd]  ────────────────▶                      own and whose ids this one may not map
//            ◀─────────────────────  mounting …          only where mounts are made in a namespace
//   proceed  ─────────────────────▶                      of others', when the record is written
//            ◀─────────────────────  runHooks            only with prestart or createRuntime hooks
//   proceed  ─────────────────────▶  createContainer hooks, pivot_root, credentials
//            ◀─────────────────────  terminal [fd]       only when there is no console socket
//            ◀─────────────────────  ready
//   proceed  ─────────────────────▶  only for `create`, when the state is written
//                                    `create`: waits on the start socket; `run`: goes on
//            ◀─────────────────────  failed …  or end of file: execve(2) succeeded
//
// Where a user, pid or time namespace is joined, or a time namespace made, a go-between G enters it
// first (after a `proceed` of its own, for the maps), makes I as P's child, sends `child [pidfd]` and
// ends; then the talk above begins.
//
// A failure at any point is one `failed` message. If P goes away first, I ends.

/// One message of the init stage.
enum InitMessage {
  case proceed
  case child(Int32)
  /// The root's mounts, before they are attached, and where they will be.
  case mounting([MountIdentity], String)
  /// The mount, by its index, whose source is to be copied and its ids mapped.
  case copyMapped(Int)
  case runHooks
  case terminal
  case ready
  case failed(ErrorReport)

  var bytes: [UInt8] {
    switch self {
    case .proceed: [0x70]
    case .child(let pid): [0x63] + Array("\(pid)".utf8)
    case .mounting(let mounts, let place):
      [0x6D] + mounts.flatMap { Array("\($0.id) \($0.unique) ".utf8) } + Array(place.utf8)
    case .copyMapped(let index): [0x69] + Array("\(index)".utf8)
    case .runHooks: [0x68]
    case .terminal: [0x74]
    case .ready: [0x72]
    case .failed(let report):
      [0x66] + Array("\(report.kind.rawValue)\n\(report.message)".utf8.prefix(8_000))
        + (report.hint.map { [0] + Array($0.utf8.prefix(1_000)) } ?? [])
    }
  }

  init?(_ bytes: [UInt8]) {
    switch bytes.first {
    case 0x70: self = .proceed
    case 0x63:
      guard let pid = Int32(String(decoding: bytes.dropFirst(), as: UTF8.self)) else { return nil }
      self = .child(pid)
    case 0x6D:
      // Ids in pairs, then a path, which begins with `/`.
      let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
      let place = text.drop { $0 != "/" }
      let ids = text.prefix { $0 != "/" }.split(separator: " ").compactMap { UInt64($0) }
      guard !place.isEmpty, ids.count == 4 else { return nil }
      self = .mounting(
        [
          MountIdentity(id: ids[0], unique: ids[1]), MountIdentity(id: ids[2], unique: ids[3]),
        ], String(place))
    case 0x69:
      guard let index = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)) else { return nil }
      self = .copyMapped(index)
    case 0x68: self = .runHooks
    case 0x74: self = .terminal
    case 0x72: self = .ready
    case 0x66:
      let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1)
      let lines = (parts.first ?? []).split(separator: 0x0A, maxSplits: 1)
      guard lines.count == 2,
        let kind = ErrorReport.Kind(rawValue: String(decoding: lines[0], as: UTF8.self))
      else { return nil }
      self = .failed(
        ErrorReport(
          kind, String(decoding: lines[1], as: UTF8.self),
          hint: parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : nil))
    default: return nil
    }
  }
}
