import LinuxSystem

// The words of a mount's options. Lists, since a dictionary's code is looked up at run time.

extension MountPlan {
  /// A word that sets or clears one attribute; an `r` before it means the whole tree.
  struct AttributeWord: Sendable {
    let word: String
    let set: MountCall.Attributes
    let clear: MountCall.Attributes

    init(_ word: String, set: MountCall.Attributes = [], clear: MountCall.Attributes = []) {
      self.word = word
      self.set = set
      self.clear = clear
    }
  }

  static let attributes = [
    AttributeWord("ro", set: .readOnly), AttributeWord("rw", clear: .readOnly),
    AttributeWord("nosuid", set: .noSetID), AttributeWord("suid", clear: .noSetID),
    AttributeWord("nodev", set: .noDevices), AttributeWord("dev", clear: .noDevices),
    AttributeWord("noexec", set: .noExecute), AttributeWord("exec", clear: .noExecute),
    AttributeWord("nodiratime", set: .noDirectoryAccessTime),
    AttributeWord("diratime", clear: .noDirectoryAccessTime),
    AttributeWord("nosymfollow", set: .noSymbolicLinks),
    AttributeWord("symfollow", clear: .noSymbolicLinks),
    // relatime is the field's zero: clearing the field sets it.
    AttributeWord("noatime", set: .noAccessTime, clear: .accessTimeModes),
    AttributeWord("atime", clear: .accessTimeModes),
    AttributeWord("relatime", clear: .accessTimeModes),
    AttributeWord("norelatime", set: .strictAccessTime, clear: .accessTimeModes),
    AttributeWord("strictatime", set: .strictAccessTime, clear: .accessTimeModes),
    AttributeWord("nostrictatime", clear: .accessTimeModes),
  ]

  /// Words without an effect here: for mount(8) or for other systems.
  static let ignored = [
    "bind", "rbind", "defaults", "_netdev", "nofail", "auto", "noauto", "user", "nouser", "users",
    "async", "loud", "silent", "norbind", "nobind", "nolazytime", "nomand", "noiversion",
  ]

  /// Every word that means something to this runtime, sorted.
  static var knownOptions: [String] {
    let words = attributes.map(\.word) + SpreadRule.words
    return
      (words + words.map { "r" + $0 }
      + ["bind", "rbind", "tmpcopyup", "idmap", "ridmap", "defaults"]).sorted()
  }
}

extension MountPlan.SpreadRule {
  static let words = ["shared", "slave", "private", "unbindable"]

  /// One of `words`, for the whole tree with an `r` before it; nil for another word.
  init?(_ word: String) {
    switch word.hasPrefix("r") ? word.dropFirst() : word[...] {
    case "shared": kind = .shared
    case "slave": kind = .slave
    case "private": kind = .private
    case "unbindable": kind = .unbindable
    default: return nil
    }
    recursive = word.hasPrefix("r")
  }
}
