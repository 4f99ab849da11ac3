/// Text that does not show itself: descriptions, dumps and string interpolation give `***`.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The text itself, for the one place that sends it.
  public let revealed: String

  public init(_ text: String) { revealed = text }

  public var description: String { "***" }
  public var debugDescription: String { "***" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a registry knows a user by.
public enum Credentials: Sendable, Equatable {
  case password(user: String, Secret)
  /// An OAuth2 refresh token (`identitytoken` in auth files).
  case identityToken(Secret)
}
