/// The escapings of Go's html, js and urlquery functions.
enum GoEscape {
  static func html(_ text: String) -> String {
    replace(text) { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&#34;"
      case "'": "&#39;"
      case "\0": "\u{FFFD}"
      default: nil
      }
    }
  }

  static func js(_ text: String) -> String {
    replace(text) { scalar in
      switch scalar {
      case "\\": return "\\\\"
      case "'": return "\\'"
      case "\"": return "\\\""
      case "<", ">", "&", "=", "\0"..."\u{1f}":
        let hex = String(scalar.value, radix: 16, uppercase: true)
        return "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: return nil
      }
    }
  }

  static func urlQuery(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "~": result.unicodeScalars.append(scalar)
      case " ": result += "+"
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        result += "%" + (byte < 16 ? "0" : "") + hex
      }
    }
    return result
  }

  private static func replace(_ text: String, _ escape: (Unicode.Scalar) -> String?) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if let escaped = escape(scalar) {
        result += escaped
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
