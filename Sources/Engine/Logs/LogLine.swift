import LinuxSystem
import Model
import OCISpec

/// One record of a container's log.
public struct LogLine: Sendable {
  /// RFC 3339, as the log spells it.
  public var time: ArraySlice<UInt8>
  public var isError: Bool
  /// Without its newline.
  public var text: ArraySlice<UInt8>
  /// The next record of the stream continues it: no newline follows.
  public var isPartial: Bool

  /// Nanoseconds since the epoch; nil when the log says no time.
  var moment: Int64? { Timestamp.parse(String(decoding: time, as: UTF8.self)) }

  /// `TIME stdout|stderr F|P TEXT`; nil for anything else.
  static func k8s(_ bytes: [UInt8], _ range: Range<Int>) -> LogLine? {
    guard let first = bytes.index(of: 0x20, in: range),
      let second = bytes.index(of: 0x20, in: (first + 1)..<range.upperBound), second == first + 7,
      second + 2 < range.upperBound, bytes[second + 2] == 0x20
    else { return nil }
    return LogLine(
      time: bytes[range.lowerBound..<first], isError: bytes[first + 4] == UInt8(ascii: "e"),
      text: bytes[(second + 3)..<range.upperBound],
      isPartial: bytes[second + 1] == UInt8(ascii: "P"))
  }

  /// `{"log":"TEXT\n","stream":"stdout","time":"TIME"}`; nil for anything else.
  static func json(_ bytes: [UInt8], _ range: Range<Int>) -> LogLine? {
    guard let value = try? JSONValue(parsing: Array(bytes[range])), case .object(let entry) = value,
      case .string(let text)? = entry.find("log"), case .string(let time)? = entry.find("time")
    else { return nil }
    var isError = false
    if case .string("stderr")? = entry.find("stream") { isError = true }
    let isPartial = !text.hasSuffix("\n")
    let content = Array(text.utf8)
    return LogLine(
      time: Array(time.utf8)[...], isError: isError,
      text: isPartial ? content[...] : content.dropLast(), isPartial: isPartial)
  }
}

/// How a log file spells its records.
enum LogFileFormat {
  case k8s, json

  func parse(_ bytes: [UInt8], _ range: Range<Int>) -> LogLine? {
    switch self {
    case .k8s: LogLine.k8s(bytes, range)
    case .json: LogLine.json(bytes, range)
    }
  }
}
