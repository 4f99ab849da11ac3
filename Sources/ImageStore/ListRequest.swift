/// Asks for a manifest list to be made, changed, shown or pushed.
public struct ListRequest: Codable, Sendable {
  public enum Action: String, Codable, Sendable {
    case create, add, annotate, remove, inspect, push
  }

  /// What an entry shall say of itself; nil leaves it as it is.
  public struct Entry: Codable, Sendable {
    public var os: String?
    public var architecture: String?
    public var variant: String?
    /// `KEY=VALUE`.
    public var annotations: [String] = []
    /// The annotations are the list's own.
    public var isIndex = false

    public init() {}
  }

  public var action: Action
  /// The list's name in full; for `inspect` what the user wrote.
  public var list: String
  /// Images to add, the entry to annotate or remove.
  public var images: [String] = []
  public var entry = Entry()
  /// Of an image that is a list itself, all entries.
  public var all = false
  /// `create` goes on with a list that is there.
  public var amends = false
  /// A full reference, for `push`.
  public var destination: String?
  public var format: String?
  public var compression = PushRequest.Compression()
  public var access: RegistryAccess

  public init(_ action: Action, list: String, access: RegistryAccess = RegistryAccess()) {
    self.action = action
    self.list = list
    self.access = access
  }
}
