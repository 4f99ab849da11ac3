import LinuxSystem
import Model

/// The containers of each image, read again only when a container came or went.
struct ImageUserTable {
  private let users: ImageUsers
  private var known: (stamp: FileStatus?, users: ImageUsers.All)?

  init(_ context: EngineContext) { users = ImageUsers(context) }

  mutating func current() throws -> ImageUsers.All {
    let stamp = try users.stamp()
    if let known, known.stamp == stamp { return known.users }
    let found = try users.all()
    known = (stamp, found)
    return found
  }
}
