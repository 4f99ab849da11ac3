import LinuxSystem

/// Paths that match a shell pattern: `*`, `?` and `[...]` within one name (glob(7)).
enum GlobPaths {
  /// All matches of an absolute pattern, in the order of their names.
  static func find(_ pattern: String) -> [String] {
    var found = [""]
    for part in pattern.split(separator: "/") {
      var next: [String] = []
      for base in found {
        guard part.contains(where: { "*?[".contains($0) }) else {
          if FileTree.exists("\(base)/\(part)") { next.append("\(base)/\(part)") }
          continue
        }
        // A directory that cannot be read has no matches, as in a shell.
        let names = (try? FileTree.list(base.isEmpty ? "/" : base)) ?? []
        for name in names.sorted() where matches(Array(name), Array(part)) {
          next.append("\(base)/\(name)")
        }
      }
      found = next
    }
    return found
  }

  /// Whether a name matches; a leading dot only matches itself.
  static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
    if name.first == ".", pattern.first != "." { return false }
    return matches(name[...], pattern[...])
  }

  private static func matches(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>)
    -> Bool
  {
    guard let first = pattern.first else { return name.isEmpty }
    switch first {
    case "*":
      return (name.startIndex...name.endIndex).contains {
        matches(name[$0...], pattern.dropFirst())
      }
    case "?": return !name.isEmpty && matches(name.dropFirst(), pattern.dropFirst())
    case "[":
      guard let end = pattern.dropFirst(2).firstIndex(of: "]"), let character = name.first else {
        return name.first == "[" && matches(name.dropFirst(), pattern.dropFirst())
      }
      let set = pattern[(pattern.startIndex + 1)..<end]
      return contains(character, Array(set))
        && matches(name.dropFirst(), pattern[(end + 1)...])
    default: return name.first == first && matches(name.dropFirst(), pattern.dropFirst())
    }
  }

  private static func contains(_ character: Character, _ set: [Character]) -> Bool {
    let isNegated = set.first == "!" || set.first == "^"
    let members = isNegated ? Array(set.dropFirst()) : set
    var at = 0
    var found = false
    while at < members.count {
      if at + 2 < members.count, members[at + 1] == "-" {
        if members[at] <= character, character <= members[at + 2] { found = true }
        at += 3
      } else {
        if members[at] == character { found = true }
        at += 1
      }
    }
    return found != isNegated
  }
}
