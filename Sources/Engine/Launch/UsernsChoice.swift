import Model
import UserNamespaces

/// `--userns`, or `--uidmap` and `--gidmap`: which ids the container sees.
enum UsernsChoice: Equatable {
  /// 0 is the caller, 1 and up are subordinate ids.
  case standard
  /// The caller has this uid and gid (its own when nil) inside; `size` is how many ids there are
  /// (all that the caller has when nil).
  case keepID(uid: UInt32?, gid: UInt32?, size: UInt32? = nil)
  /// Only subordinate ids, from 0 on.
  case noMap
  /// Ids that no other such container has; decided when the container is created.
  case auto(AutoMapping.Options)
  /// A map that is in the container's record.
  case mapped(IDMapping)

  static func parse(_ text: String) throws(ErrorReport) -> UsernsChoice {
    switch text {
    case "", "host", "private": return .standard
    case "keep-id": return .keepID(uid: nil, gid: nil)
    case "nomap": return .noMap
    case "auto": return .auto(AutoMapping.Options())
    default:
      if text.hasPrefix("auto:") { return .auto(try AutoMapping.Options(text.dropFirst(5))) }
      guard text.hasPrefix("keep-id:") else {
        throw ErrorReport(
          .invalidRequest, "--userns \(text) is not supported",
          hint: "use host, keep-id, keep-id:uid=UID,gid=GID, auto, auto:size=SIZE or nomap")
      }
      return try keepID(text.dropFirst(8))
    }
  }

  private static func keepID(_ options: Substring) throws(ErrorReport) -> UsernsChoice {
    var uid: UInt32?
    var gid: UInt32?
    var size: UInt32?
    for part in options.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, let id = UInt32(pair[1]) else {
        throw ErrorReport(.invalidRequest, "invalid option \"\(part)\" of --userns keep-id")
      }
      switch pair[0] {
      case "uid": uid = id
      case "gid": gid = id
      case "size" where id > 0: size = id
      default:
        throw ErrorReport(
          .invalidRequest, "option \"\(part)\" of --userns keep-id is not supported",
          hint: "uid, gid and size are")
      }
    }
    return .keepID(uid: uid, gid: gid, size: size)
  }

  /// The map to nest in `mapping`, nil when ours serves as it is.
  func nested(in mapping: IDMapping?, uid: UInt32, gid: UInt32) throws(ErrorReport) -> IDMapping? {
    switch self {
    case .standard: return nil
    case .mapped(let map): return map
    case .auto: throw ErrorReport(.bug, "the ids of a container with --userns auto are missing")
    case .keepID(let wantedUser, let wantedGroup, let size):
      guard let mapping else {
        throw ErrorReport(
          .invalidRequest, "--userns keep-id is for ordinary users: root keeps its id anyway")
      }
      return mapping.keepingID(uid: wantedUser ?? uid, gid: wantedGroup ?? gid, size: size)
    case .noMap:
      guard let mapping else {
        throw ErrorReport(.invalidRequest, "--userns nomap is for ordinary users")
      }
      return mapping.withoutCaller()
    }
  }

  /// Who the container's process is when neither image nor command line says.
  func defaultUser(_ uid: UInt32, _ gid: UInt32) -> String {
    guard case .keepID(let wantedUser, let wantedGroup, _) = self else { return "0" }
    return "\(wantedUser ?? uid):\(wantedGroup ?? gid)"
  }

  /// Whether the caller is somebody inside.
  var keepsCaller: Bool { if case .keepID = self { true } else { false } }

  /// Whether image files need their owners translated.
  var translatesOwners: Bool { self != .standard }
}

extension ContainerNamespaces {
  /// What was decided when the container was created.
  var userns: UsernsChoice {
    if !users.isEmpty, let map = IDMapping(users: users, groups: groups) { return .mapped(map) }
    return (try? UsernsChoice.parse(user)) ?? .standard
  }

  /// Writes a map down.
  mutating func record(_ map: IDMapping) {
    users = map.users.map(\.text)
    groups = map.groups.map(\.text)
  }
}
