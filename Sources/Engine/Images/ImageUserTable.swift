import LinuxSystem
import Model

/// The containers of each image, read again only when a container came or went.
struct ImageUserTable {
  /// By the image's id.
  typealias Users = (names: [Digest: [String]], ids: [Digest: [String]])

  private let users: ImageUsers
  private var known: (stamp: FileStatus?, users: Users)?

  init(_ context: EngineContext) { users = ImageUsers(context) }

  mutating func current() throws -> Users {
    let stamp = try users.stamp()
    if let known, known.stamp == stamp { return known.users }
    let found = (names: try users.names(), ids: try users.ids())
    known = (stamp, found)
    return found
  }
}
