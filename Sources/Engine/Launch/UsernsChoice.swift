import Model
import UserNamespaces

/// `--userns`: which ids the container sees.
enum UsernsChoice: Equatable {
  /// 0 is the caller, 1 and up are subordinate ids.
  case standard
  /// The caller has this uid and gid (its own when nil) inside.
  case keepID(uid: UInt32?, gid: UInt32?)

  static func parse(_ text: String) throws(ErrorReport) -> UsernsChoice {
    switch text {
    case "", "host", "private": return .standard
    case "keep-id": return .keepID(uid: nil, gid: nil)
    default:
      guard text.hasPrefix("keep-id:") else {
        throw ErrorReport(
          .invalidRequest, "--userns \(text) is not supported",
          hint: "use host, keep-id or keep-id:uid=UID,gid=GID")
      }
      var uid: UInt32?
      var gid: UInt32?
      for part in text.dropFirst(8).split(separator: ",") {
        let pair = part.split(separator: "=", maxSplits: 1)
        guard pair.count == 2, let id = UInt32(pair[1]) else {
          throw ErrorReport(.invalidRequest, "invalid option \"\(part)\" of --userns keep-id")
        }
        switch pair[0] {
        case "uid": uid = id
        case "gid": gid = id
        default:
          throw ErrorReport(
            .invalidRequest, "option \"\(pair[0])\" of --userns keep-id is not supported",
            hint: "uid and gid are")
        }
      }
      return .keepID(uid: uid, gid: gid)
    }
  }

  /// What was checked when the container was created.
  static func parseLeniently(_ text: String) -> UsernsChoice { (try? parse(text)) ?? .standard }

  /// The map to nest in `mapping`, nil when ours serves as it is.
  func nested(in mapping: IDMapping?, uid: UInt32, gid: UInt32) throws(ErrorReport) -> IDMapping? {
    guard case .keepID(let wantedUser, let wantedGroup) = self else { return nil }
    guard let mapping else {
      throw ErrorReport(
        .invalidRequest, "--userns keep-id is for ordinary users: root keeps its id anyway")
    }
    return mapping.keepingID(uid: wantedUser ?? uid, gid: wantedGroup ?? gid)
  }

  /// Who the container's process is when neither image nor command line says.
  func defaultUser(_ uid: UInt32, _ gid: UInt32) -> String {
    guard case .keepID(let wantedUser, let wantedGroup) = self else { return "0" }
    return "\(wantedUser ?? uid):\(wantedGroup ?? gid)"
  }

  /// Whether image files need their owners translated.
  var translatesOwners: Bool { self != .standard }
}
