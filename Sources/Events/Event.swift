import LinuxSystem

/// Something that happened to a container, an image or a volume.
public struct Event: Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case container, image, volume, network, pod, secret, system
  }

  /// A detail: a label, or what the action says about itself.
  public struct Attribute: Equatable, Sendable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  /// Nanoseconds since the epoch.
  public var time: Int64
  public var kind: Kind
  /// Podman's word: `create`, `start`, `died`, `pull` and so on.
  public var action: String
  /// The container's or image's id; a volume's name.
  public var id = ""
  public var name = ""
  /// A container's image.
  public var image = ""
  public var attributes: [Attribute] = []

  public init(_ kind: Kind, _ action: String, time: Int64) {
    self.kind = kind
    self.action = action
    self.time = time
  }

  public subscript(key: String) -> String? { attributes.first { $0.key == key }?.value }

  /// Keys under which actions keep what is not a label.
  public static let exitCode = "containerExitCode"
  public static let health = "healthStatus"
  /// A probe's result, as JSON.
  public static let healthLog = "healthLog"
  public static let error = "error"
  /// Which process of `exec` it is about.
  public static let exec = "execID"
  /// Attributes that are facts of the event rather than labels.
  public static let facts: Set = [exitCode, health, healthLog, error, exec]
}

extension Event {
  /// Attributes beyond this size in bytes are left out.
  static let attributeLimit = 32_768
  private static let version = "1"

  /// One line, with its newline: fields separated by tabs.
  var line: String {
    var fields = [Self.version, "\(time)", kind.rawValue, action, id, name, image]
    var size = 0
    for attribute in attributes {
      let text = "\(attribute.key)=\(attribute.value)"
      size += text.utf8.count
      guard size <= Self.attributeLimit else { break }
      fields.append(text)
    }
    return fields.map(Self.escaped).joined(separator: "\t") + "\n"
  }

  /// Nil for a line that no writer of ours has written whole.
  init?(line: some Sequence<UInt8>) {
    var fields: [String] = []
    var field: [UInt8] = []
    func take() { fields.append(Self.unescaped(field)) }
    for byte in line {
      if byte == 0x09 {
        take()
        field.removeAll(keepingCapacity: true)
      } else {
        field.append(byte)
      }
    }
    take()
    guard fields.count >= 7, fields[0] == Self.version, let time = Int64(fields[1]),
      let kind = Kind(rawValue: fields[2])
    else { return nil }
    self.init(kind, fields[3], time: time)
    id = fields[4]
    name = fields[5]
    image = fields[6]
    attributes = fields.dropFirst(7).map { text in
      guard let equals = text.firstIndex(of: "=") else { return Attribute(text, "") }
      return Attribute(String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
  }

  private static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x09 || $0 == 0x0A }) else {
      return text
    }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x5C: bytes += [0x5C, 0x5C]
      case 0x09: bytes += [0x5C, 0x74]
      case 0x0A: bytes += [0x5C, 0x6E]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unescaped(_ bytes: [UInt8]) -> String {
    guard bytes.contains(0x5C) else { return String(decoding: bytes, as: UTF8.self) }
    var plain: [UInt8] = []
    var isEscaped = false
    for byte in bytes {
      guard isEscaped else {
        if byte == 0x5C { isEscaped = true } else { plain.append(byte) }
        continue
      }
      isEscaped = false
      switch byte {
      case 0x74: plain.append(0x09)
      case 0x6E: plain.append(0x0A)
      default: plain.append(byte)
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}
