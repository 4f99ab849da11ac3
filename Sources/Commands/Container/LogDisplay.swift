import Engine
import LinuxSystem

/// Log lines on their way to the two standard outputs.
///
/// Many lines are written at once; never across the two outputs, so that a terminal shows them in order.
struct LogDisplay {
  struct Options: Sendable {
    var names = false
    var timestamps = false
    var colors = false
  }

  private static let limit = 32_768

  private let prefixes: [[UInt8]]
  private let timestamps: Bool
  /// Whether the next record of a container begins a line.
  private var startsLine: [Bool]
  private var buffer: [UInt8] = []
  private var isError = false

  /// `labels`: what stands before the lines of each container.
  init(_ labels: [String?], _ options: Options) {
    prefixes = labels.enumerated().map { index, label in
      guard let label else { return [] }
      // Bold, in one of the six colours (ECMA-48, SGR).
      return Array(
        (options.colors ? "\u{1B}[1;\(31 + index % 6)m\(label)\u{1B}[0m " : "\(label) ").utf8)
    }
    timestamps = options.timestamps
    startsLine = labels.map { _ in true }
  }

  /// False when nobody reads any more.
  mutating func show(_ line: LogLine, of index: Int) -> Bool {
    if line.isError != isError || buffer.count > Self.limit {
      guard flush() else { return false }
      isError = line.isError
    }
    if startsLine[index] {
      buffer += prefixes[index]
      if timestamps {
        buffer += line.time
        buffer.append(0x20)
      }
    }
    buffer += line.text
    if !line.isPartial { buffer.append(0x0A) }
    startsLine[index] = !line.isPartial
    return true
  }

  /// Writes what waits; false when nobody reads any more.
  mutating func flush() -> Bool {
    guard !buffer.isEmpty else { return true }
    let target = isError ? Descriptor.standardError : Descriptor.standardOutput
    defer { buffer.removeAll(keepingCapacity: true) }
    return (try? Descriptor.writeAll(target, buffer)) != nil
  }
}
