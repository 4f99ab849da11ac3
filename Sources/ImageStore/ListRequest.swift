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
    public var osVersion: String?
    public var osFeatures: [String] = []
    public var features: [String] = []
    /// `KEY=VALUE`.
    public var annotations: [String] = []
    /// The annotations are the list's own.
    public var isIndex = false

    public init() {}
  }

  /// A manifest to be made of files that are no image.
  public struct Artifact: Codable, Equatable, Sendable {
    /// What the whole is; nil says that nobody told, and "" that nothing shall be said.
    public var type: String?
    /// What the files are; nil finds it out.
    public var layerType: String?
    /// A file; nil is the empty configuration.
    public var config: String?
    public var configType: String?
    /// Without the names of the files.
    public var excludesTitles = false
    /// The image that it is about.
    public var subject: String?

    public init() {}
  }

  public var action: Action
  /// The list's name in full; for `inspect` what the user wrote.
  public var list: String
  /// Images to add, the entry to annotate or remove.
  public var images: [String] = []
  public var entry = Entry()
  /// `images` are files, which become one entry.
  public var artifact: Artifact?
  /// The image that the list is about, for `annotate`.
  public var subject: String?
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
