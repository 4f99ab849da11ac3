import FoundationEssentials
import Glibc

/// The three files behind a program's standard streams.
struct ScratchFiles: Sendable {
  let input: String
  let output: String
  let error: String

  init(in directory: String, input text: String) throws(ProgramError) {
    let stem = directory + "/io-" + UUID().uuidString.prefix(8)
    input = stem + ".in"
    output = stem + ".out"
    error = stem + ".err"
    do {
      try Data(text.utf8).write(to: URL(filePath: input))
    } catch {
      throw .cannotWrite(path: input, errno: errno)
    }
  }

  var outputText: String { Self.text(output) }
  var errorText: String { Self.text(error) }

  func remove() {
    for path in [input, output, error] { unsafe unlink(path) }
  }

  /// Bytes that are not UTF-8 show as replacement characters instead of making the test blind.
  private static func text(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}
