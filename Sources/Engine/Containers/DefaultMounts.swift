import LinuxSystem
import Model
import RegistryConfig

/// Directories of the machine that every new container sees: the lines of mounts.conf(5), `PATH` or
/// `SOURCE:DESTINATION`.
enum DefaultMounts {
  /// Adds them read-only; a source that is missing is passed over, and what the command line mounts
  /// in the same place wins.
  ///
  /// `file`: instead of the usual one; it may be missing.
  static func add(to request: inout ContainerRequest, from file: String?) throws(ErrorReport) {
    guard let path = file ?? ConfigFiles.current.defaultMountsPath else { return }
    let text: String
    do throws(SystemError) { text = try FileTree.readText(path, limit: 1 << 20) } catch {
      if error.errno == Errno.noEntry { return }
      throw ErrorReport(.unavailable, "cannot read \(path): \(error.reason)")
    }
    let taken = ContainerDefaults.places(request)
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.filter { $0 != " " && $0 != "\t" }
      if words.isEmpty || words.hasPrefix("#") { continue }
      let parts = words.split(separator: ":", maxSplits: 1).map(String.init)
      guard let source = parts.first, let destination = parts.last, destination.hasPrefix("/"),
        FileTree.exists(source), !taken.contains(destination)
      else { continue }
      request.volumes.append("\(source):\(destination):ro")
    }
  }
}
