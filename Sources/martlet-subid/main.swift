// Asks libsubid for a user's subordinate ids, where /etc/nsswitch.conf names another source than
// files. Prints `u START COUNT` and `g START COUNT` lines (subid_get_uid_ranges(3)).
import CSubID
import Glibc

guard CommandLine.arguments.count == 2 else {
  print("usage: martlet-subid USER")
  exit(125)
}
let user = CommandLine.arguments[1]

func show(_ letter: String, _ count: Int32, _ ranges: UnsafeMutablePointer<subid_range>?) {
  guard count > 0, let ranges = unsafe ranges else { return }
  for index in 0..<Int(count) {
    let range = unsafe ranges[index]
    print(letter, range.start, range.count)
  }
  unsafe free(ranges)
}

var users: UnsafeMutablePointer<subid_range>?
unsafe show("u", subid_get_uid_ranges(user, &users), users)
var groups: UnsafeMutablePointer<subid_range>?
unsafe show("g", subid_get_gid_ranges(user, &groups), groups)
