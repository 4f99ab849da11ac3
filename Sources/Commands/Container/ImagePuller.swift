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
    var settings = PullSettings()
    settings.platform = options.platform
    settings.tlsVerify = options.tlsVerify
    settings.authFile = options.authFile
    let quiet = options.quiet
    return try ResolveImage(context).run(
      name, pull: policy, settings,
      starting: { reference in
        if !quiet { Message.note("Trying to pull \(reference.full)...") }
      })
  }
}
