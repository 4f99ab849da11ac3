import CommandLineKit
import Engine
import Model

enum TagCommands {
  struct Options: Sendable {}

  static let tag = MartletCommand(
    "tag", summary: "Give an image more names", usage: "IMAGE NAME [NAME...]",
    description: "A name without a registry becomes a local one: localhost/NAME.",
    examples: ["martlet tag alpine registry.example.com/base:3"],
    positionals: .atLeast(2, .image, .none), defaults: Options(), options: []
  ) { _, invocation in
    let context = try invocation.globals.context()
    try TagImage(context).tag(invocation.arguments[0], Array(invocation.arguments.dropFirst()))
    return 0
  }

  static let untag = MartletCommand(
    "untag", summary: "Take names away from an image", usage: "IMAGE [NAME...]",
    description: "Without names, all are taken away. The image stays.",
    positionals: .atLeast(1, .image), defaults: Options(), options: []
  ) { _, invocation in
    let context = try invocation.globals.context()
    try TagImage(context).untag(invocation.arguments[0], Array(invocation.arguments.dropFirst()))
    return 0
  }
}
