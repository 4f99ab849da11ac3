/// Lists of `NAME=VALUE` (environ(7)).
public enum EnvironmentList {
  /// Of entries with one name the last, at the place of the first.
  ///
  /// Sorted rather than hashed: a dictionary's code is looked up at run time, which costs a program
  /// that starts 0.1 ms.
  public static func withoutRepeats(_ entries: [String]) -> [String] {
    let names = entries.map { String($0.prefix { $0 != "=" }) }
    let order = entries.indices.sorted {
      names[$0] == names[$1] ? $0 < $1 : names[$0] < names[$1]
    }
    var chosen = Array(entries.indices)
    var first = 0
    for (position, index) in order.enumerated() {
      if position > 0, names[index] == names[first] {
        chosen[index] = -1
        chosen[first] = index
      } else {
        first = index
      }
    }
    return chosen.filter { $0 >= 0 }.map { entries[$0] }
  }
}
