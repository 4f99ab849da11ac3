import FoundationEssentials
import OCISpec

/// The first error in the body of a refusal (distribution-spec, error codes).
struct ServerMessage {
  var code: String?
  /// Safe for a terminal.
  var text: String?

  private struct Body: Decodable {
    struct Entry: Decodable {
      let code: String?
      let message: String?
    }
    let errors: [Entry]
  }

  init(_ body: [UInt8]) {
    // Anything may answer with an error; what is no such JSON is shown as it is.
    if (try? JSONGuard.check(body)) != nil,
      let entry = try? JSONDecoder().decode(Body.self, from: Data(body)).errors.first
    {
      code = entry.code
      text = (entry.message ?? entry.code).map(TerminalText.safe)
    } else if !body.isEmpty {
      text = TerminalText.safe(String(decoding: body, as: UTF8.self))
    }
  }
}
