import Model

/// Which of a container's outputs a line came from.
enum OutputStream: Int {
  case standardOutput, standardError

  var name: String {
    switch self {
    case .standardOutput: "stdout"
    case .standardError: "stderr"
    }
  }
}

/// Turns output into records of a log format.
///
/// k8s-file: `TIME STREAM F line`, or `P` for a piece that the next record of the stream continues;
/// what comes without a newline is written at once. json-file: one object per line; journald: the
/// fields of its native protocol. In these two what comes without a newline waits for the rest, up
/// to 16 kB.
struct LogRecordFormat {
  enum Kind {
    case k8s
    /// With the JSON object that goes into every record as `attrs`.
    case json(attributes: String?)
    /// With the fields that go into every record, one `NAME=value` line each.
    case journal(fields: [UInt8])
  }

  static let longestLine = 16_384
  private let kind: Kind
  private var timestamp: LogTimestamp
  private var unfinished: [[UInt8]] = [[], []]

  init(_ kind: Kind) {
    self.kind = kind
    if case .k8s = kind {
      timestamp = LogTimestamp(utc: false)
    } else {
      timestamp = LogTimestamp(utc: true)
    }
  }

  /// Appends the records of `bytes` that came at `time`, calling `record` after each.
  mutating func append(
    _ bytes: ArraySlice<UInt8>, of stream: OutputStream, at time: Int64,
    to buffer: inout [UInt8], record: (inout [UInt8]) -> Void
  ) {
    var rest = bytes
    while !rest.isEmpty {
      let newline = rest.firstIndex(of: 0x0A)
      let line = rest[rest.startIndex..<(newline ?? rest.endIndex)]
      rest = newline.map { rest[($0 + 1)...] } ?? []
      if case .k8s = kind {
        timestamp.append(time, to: &buffer)
        buffer.append(0x20)
        buffer.append(stream.name)
        buffer.append(newline == nil ? " P " : " F ")
        buffer += line
        buffer.append(0x0A)
      } else {
        unfinished[stream.rawValue] += line
        guard newline != nil || unfinished[stream.rawValue].count >= Self.longestLine else {
          return
        }
        appendUnfinished(stream, ended: newline != nil, at: time, to: &buffer)
      }
      record(&buffer)
    }
  }

  /// Appends what still waits for a newline, when the streams have ended.
  mutating func finish(at time: Int64, to buffer: inout [UInt8], record: (inout [UInt8]) -> Void) {
    for stream in [OutputStream.standardOutput, .standardError]
    where !unfinished[stream.rawValue].isEmpty {
      appendUnfinished(stream, ended: false, at: time, to: &buffer)
      record(&buffer)
    }
  }

  private mutating func appendUnfinished(
    _ stream: OutputStream, ended: Bool, at time: Int64, to buffer: inout [UInt8]
  ) {
    let text = unfinished[stream.rawValue]
    unfinished[stream.rawValue] = []
    switch kind {
    case .k8s: return
    case .json(let attributes):
      buffer.append("{\"log\":\"")
      Self.appendEscaped(text, to: &buffer)
      buffer.append(ended ? "\\n\",\"stream\":\"" : "\",\"stream\":\"")
      buffer.append(stream.name)
      if let attributes {
        buffer.append("\",\"attrs\":")
        buffer.append(attributes)
        buffer.append(",\"time\":\"")
      } else {
        buffer.append("\",\"time\":\"")
      }
      timestamp.append(time, to: &buffer)
      buffer.append("\"}\n")
    case .journal(let fields):
      buffer += fields
      // syslog(3): informational, and error.
      buffer.append(stream == .standardOutput ? "PRIORITY=6\n" : "PRIORITY=3\n")
      if !ended { buffer.append("CONTAINER_PARTIAL_MESSAGE=true\n") }
      buffer.append("MESSAGE=")
      buffer += text
      buffer.append(0x0A)
    }
  }

  /// A JSON string's content; what is not UTF-8 becomes U+FFFD.
  static func appendEscaped(_ bytes: [UInt8], to buffer: inout [UInt8]) {
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      let length = utf8Length(bytes, at)
      switch byte {
      case 0x22, 0x5C: buffer += [0x5C, byte]
      case 0x0D: buffer.append("\\r")
      case 0x09: buffer.append("\\t")
      case 0..<0x20, 0x7F:
        if byte == 0x0A {
          buffer.append("\\n")
          break
        }
        buffer.append("\\u00")
        buffer.append(hexDigit(byte >> 4))
        buffer.append(hexDigit(byte & 15))
      default:
        if length == 0 { buffer.append("\\ufffd") } else { buffer += bytes[at..<(at + length)] }
      }
      at += max(length, 1)
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// The length of the well-formed UTF-8 sequence at `at`; 0 when there is none (RFC 3629).
  private static func utf8Length(_ bytes: [UInt8], _ at: Int) -> Int {
    let first = bytes[at]
    if first < 0x80 { return 1 }
    let (length, low, high): (Int, UInt8, UInt8) =
      switch first {
      case 0xC2...0xDF: (2, 0x80, 0xBF)
      case 0xE0: (3, 0xA0, 0xBF)
      case 0xED: (3, 0x80, 0x9F)
      case 0xE1...0xEF: (3, 0x80, 0xBF)
      case 0xF0: (4, 0x90, 0xBF)
      case 0xF1...0xF3: (4, 0x80, 0xBF)
      case 0xF4: (4, 0x80, 0x8F)
      default: (0, 0, 0)
      }
    guard length > 0, at + length <= bytes.count, (low...high).contains(bytes[at + 1]) else {
      return 0
    }
    for index in (at + 2)..<max(at + length, at + 2) where bytes[index] & 0xC0 != 0x80 { return 0 }
    return length
  }
}

extension [UInt8] {
  /// Appends text's bytes.
  mutating func append(_ text: String) { append(contentsOf: text.utf8) }
}
