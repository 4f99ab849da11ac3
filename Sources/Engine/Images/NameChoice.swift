import ImageStore
import LinuxSystem
import Model
import RegistryConfig
import StateStore

/// The full names that a name of the user's may stand for when it is fetched.
struct NameChoice {
  private let files: ConfigFiles

  init(_ files: ConfigFiles = .current) { self.files = files }

  /// Lets somebody choose one; nil when nobody is there to ask.
  typealias Ask = ([ImageReference]) throws -> ImageReference?

  /// In the order to try them, never empty.
  func candidates(_ text: String, ask: Ask) throws -> [ImageReference] {
    guard ImageReference.isShortName(text) else { return [try ImageReference(text)] }
    let resolution = try ShortNames(try files.registries()).resolve(text)
    guard resolution.wantsChoice else { return resolution.candidates }
    if let chosen = try ask(resolution.candidates) {
      remember(text, chosen)
      return [chosen]
    }
    guard !resolution.requiresChoice else {
      throw ErrorReport(
        .invalidRequest,
        "\(text) may be any of \(resolution.candidates.map(\.full).joined(separator: ", "))",
        hint: "write the name with its registry, or set short-name-mode in registries.conf")
    }
    return resolution.candidates
  }

  /// Adds the choice to the file that podman reads as well; the pull goes on without it.
  private func remember(_ text: String, _ chosen: ImageReference) {
    guard let path = files.chosenNames, let slash = path.lastIndex(of: "/") else { return }
    let key = text.prefix { $0 != "@" && $0 != ":" }
    let line = "  \"\(key)\" = \"\(chosen.name)\"\n"
    let before = (try? FileTree.readText(path, limit: 1 << 20)) ?? "[aliases]\n"
    guard !before.contains("\"\(key)\" =") else { return }
    try? RecordStore(String(path[..<slash])).write(
      String(path[path.index(after: slash)...]), bytes: Array((before + line).utf8))
  }
}
