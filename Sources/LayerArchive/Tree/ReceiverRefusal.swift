import LinuxSystem
import Model

/// What a tree does not take although it could: one kind of file in the place of another.
///
/// Docker's words, then podman's, which scripts look for as well.
enum ReceiverRefusal {
  static func overwritesFile(_ path: String, in place: RawPath) -> ErrorReport {
    report(path, in: place, "cannot overwrite non-directory \"\(path)\" with a directory")
  }

  static func overwritesDirectory(_ path: String, in place: RawPath) -> ErrorReport {
    report(path, in: place, "cannot overwrite directory \"\(path)\" with a non-directory")
  }

  private static func report(_ path: String, in place: RawPath, _ text: String) -> ErrorReport {
    let whole = place.text.hasSuffix("/") ? place.text + path : "\(place.text)/\(path)"
    return ErrorReport(
      .conflict, "\(text): error creating \"\(whole)\": the name is taken: file exists",
      hint: "use --overwrite to replace it")
  }
}
