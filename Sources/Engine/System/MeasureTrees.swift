import LinuxSystem
import Model
import UserNamespaces

/// How much of the disk directories take that this user alone may not even be able to enter.
struct MeasureTrees {
  let context: EngineContext

  /// Bytes of each path in turn, as du(1) counts them; nil where nothing is.
  ///
  /// A file with several names counts once, until `freshStart` stands between the paths.
  /// Works in a process inside the user namespace, to whose ids the files belong.
  func run(_ paths: [String]) throws -> [Int64?] {
    let wanted = paths.count { $0 != Self.freshStart }
    if wanted == 0 { return [] }
    let pipe = try OwnedDescriptor.pipe()
    let output = pipe.writeEnd.raw
    let child = try context.userNamespace().spawn {
      var usage = DiskUsage()
      for path in paths {
        if path == Self.freshStart {
          usage = DiskUsage()
          continue
        }
        // Told as missing: the sum of the others is still worth having.
        let bytes = (try? usage.add(path)) ?? nil
        guard (try? Descriptor.writeAll(output, "\(bytes ?? -1)\n")) != nil else { return 1 }
      }
      return 0
    }
    let input = pipe.split { readEnd, _ in readEnd }
    let text = String(decoding: try Descriptor.readAll(input.raw, limit: 1 << 26), as: UTF8.self)
    _ = try child.wait()
    let sizes = text.split(separator: "\n").map { Int64($0).flatMap { $0 < 0 ? nil : $0 } }
    guard sizes.count == wanted else {
      throw ErrorReport(.unavailable, "the store could not be measured", hint: "try again")
    }
    return sizes
  }

  /// From here on every file counts again.
  static let freshStart = ""
}
