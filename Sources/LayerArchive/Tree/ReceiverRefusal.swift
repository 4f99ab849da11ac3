import Model

/// What a tree does not take although it could: one kind of file in the place of another.
enum ReceiverRefusal {
  static func overwritesFile(_ path: String) -> ErrorReport {
    ErrorReport(
      .conflict, "cannot overwrite non-directory \"\(path)\" with a directory",
      hint: "use --overwrite to replace it")
  }

  static func overwritesDirectory(_ path: String) -> ErrorReport {
    ErrorReport(
      .conflict, "cannot overwrite directory \"\(path)\" with a non-directory",
      hint: "use --overwrite to replace it")
  }
}
