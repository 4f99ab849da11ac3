/// What the shell offers for a positional or an option's value.
public enum CompletionKind: String, Sendable, CaseIterable {
  case none
  case file
  case directory
  case container
  case runningContainer = "running-container"
  case stoppedContainer = "stopped-container"
  case image
  case volume
  case network
  case pod
  case secret
  case registry
  case capability
  case signal
  /// A file that extends the configuration, by its name in the directories for such files.
  case module
}
