import LinuxSystem
import Model
import StateStore

/// The format of what is in the data directory, so that a Martlet that is older than the one that wrote
/// it says so, instead of reading half of it.
///
/// Fields that a reader does not know are no new format: readers skip them. A new format is what an
/// old reader would misunderstand or destroy; who writes it puts its number into `format` first. A
/// store without that file has format 1.
enum StoreFormat {
  /// The newest format that this program reads and writes.
  static let known: Int64 = 1

  /// - Throws: when the store is newer than this program.
  static func check(_ directories: UserDirectories) throws(ErrorReport) {
    let path = "\(directories.data)/format"
    let text: String
    do throws(SystemError) { text = try FileTree.readText(path, limit: 4_096) } catch {
      // Whatever keeps it from being read keeps the rest from it too, with a better word of why.
      return
    }
    guard let format = LineRecord(parsing: text)?.integer("format"), format <= known else {
      throw ErrorReport(
        .unavailable,
        "the store \(directories.data) was written by a newer version: it is not of format \(known), "
          + "which martlet \(MartletVersion.text) knows",
        hint: "use that version, or another store: martlet --root DIR")
    }
  }
}
