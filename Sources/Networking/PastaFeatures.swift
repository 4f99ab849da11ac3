import LinuxSystem
import Model
public import StateStore

/// What the installed pasta understands.
public struct PastaFeatures: Equatable, Sendable {
  /// `--map-guest-addr`, from the release of August 2024 on.
  public var mapsGuestAddress: Bool

  public init(mapsGuestAddress: Bool) { self.mapsGuestAddress = mapsGuestAddress }

  /// Looks for the option's name in the program, once for each program: running it for its help
  /// would take milliseconds at every start.
  public static func load(program: String, cache: RecordStore) throws(NetworkError)
    -> PastaFeatures
  {
    let status: FileStatus
    do throws(SystemError) { status = try FileStatus.of(program, follow: true) } catch {
      throw .system(error, doing: "find out what \(program) can do")
    }
    // A cache that cannot be read or written costs a look at the program, no more.
    if let record = try? cache.find(record), record["program"] == program,
      record.integer("size") == status.size, record.integer("modified") == status.modified
    {
      return PastaFeatures(mapsGuestAddress: record.flag("map-guest-addr"))
    }
    let features: PastaFeatures
    do throws(SystemError) {
      features = PastaFeatures(
        mapsGuestAddress: contains(
          try FileTree.read(program, limit: 1 << 25), Array("map-guest-addr\0".utf8)))
    } catch { throw .system(error, doing: "find out what \(program) can do") }
    var record = LineRecord()
    record.append("program", program)
    record.append("size", "\(status.size)")
    record.append("modified", "\(status.modified)")
    record.append("map-guest-addr", "\(features.mapsGuestAddress)")
    try? cache.write(Self.record, record)
    return features
  }

  private static let record = "pasta"

  static func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first, bytes.count >= wanted.count else { return false }
    for index in 0...(bytes.count - wanted.count)
    where bytes[index] == first && bytes[index..<(index + wanted.count)].elementsEqual(wanted) {
      return true
    }
    return false
  }
}
