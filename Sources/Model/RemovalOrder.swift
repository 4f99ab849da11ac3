/// What a monitor removes of a container that goes when it ends (`--rm`), where that is no more than its
/// files and its name.
public struct RemovalOrder: Equatable, Sendable {
  /// The container's directory.
  public var directory: String
  /// Where that goes first, on the same filesystem: from then on there is no such container.
  public var trash: String
  /// The directory of names: links to ids.
  public var names: String
  /// Where the monitor's mount namespace has the container's root.
  public var mountPoint: String

  public init(directory: String, trash: String, names: String, mountPoint: String) {
    self.directory = directory
    self.trash = trash
    self.names = names
    self.mountPoint = mountPoint
  }

  func write(to record: inout LineRecord) {
    record.append("remove", directory)
    record.append("remove-by-way-of", trash)
    record.append("remove-name-in", names)
    record.append("remove-mount", mountPoint)
  }

  init?(_ record: LineRecord) {
    guard let directory = record["remove"], let trash = record["remove-by-way-of"],
      let names = record["remove-name-in"], let mountPoint = record["remove-mount"]
    else { return nil }
    self.init(directory: directory, trash: trash, names: names, mountPoint: mountPoint)
  }
}
