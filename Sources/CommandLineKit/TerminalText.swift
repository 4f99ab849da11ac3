/// Text that came from outside (names, labels, log fields), made harmless for a terminal: C0, DEL
/// and C1 controls as `\xNN`, direction-changing, line-separating and invisible formatting
/// characters as `\u{...}`.
///
/// A backslash stays as it is: the result is for eyes, not for parsing back.
public func terminalSafe(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: { isHarmful($0) }) else { return text }
  var safe = ""
  for scalar in text.unicodeScalars {
    guard isHarmful(scalar) else {
      safe.unicodeScalars.append(scalar)
      continue
    }
    let hex = String(scalar.value, radix: 16)
    if scalar.value < 0x100 {
      safe += "\\x" + (hex.utf8.count == 1 ? "0" : "") + hex
    } else {
      safe += "\\u{" + hex + "}"
    }
  }
  return safe
}

private func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x20...0x7e: return false
  case 0...0x1f, 0x7f...0x9f: return true
  case 0x061c, 0x200b, 0x200e, 0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: return true
  case 0xfff9...0xfffb, 0xe0000...0xe007f: return true
  default: return false
  }
}
