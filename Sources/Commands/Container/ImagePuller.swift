import CommandLineKit
import Engine
import ImageStore
import LinuxSystem
import Model

/// Finds the image for a new container, pulling it when it is not here.
enum ImagePuller {
  static func resolve(_ name: String, _ options: ContainerOptions, _ context: EngineContext) throws
    -> (image: StoredImage, name: String)
  {
    guard let policy = PullPolicy(rawValue: options.pull) else {
      throw ErrorReport(.invalidRequest, "invalid pull policy \"\(options.pull)\"")
    }
    return try resolve(name, policy, try options.registry.settings(), quiet: options.quiet, context)
  }

  /// Shows how the image comes, on standard error.
  static func resolve(
    _ name: String, _ policy: PullPolicy, _ settings: PullSettings, quiet: Bool,
    _ context: EngineContext
  ) throws -> (image: StoredImage, name: String) {
    var display = TransferDisplay(quiet: quiet)
    defer { display.finish() }
    var dialogue = ResolveImage.Dialogue()
    dialogue.starting = { reference in
      if !quiet { Message.note("Trying to pull \(reference.full)...") }
    }
    dialogue.events = { display.show($0) }
    dialogue.choose = choose
    return try ResolveImage(context).run(name, pull: policy, settings, dialogue)
  }

  /// Asks at a terminal; nil elsewhere.
  private static func choose(_ names: [ImageReference]) throws -> ImageReference? {
    guard Descriptor.isTerminal(Descriptor.standardInput),
      Descriptor.isTerminal(Descriptor.standardError)
    else { return nil }
    Message.note("Which image is meant?")
    for (index, name) in names.enumerated() { Message.note("  \(index + 1)  \(name.full)") }
    while true {
      Message.put("Number (1-\(names.count)): ")
      guard let line = readLine() else {
        throw ErrorReport(.invalidRequest, "no image was chosen")
      }
      if let number = Int(line), names.indices.contains(number - 1) { return names[number - 1] }
    }
  }
}
