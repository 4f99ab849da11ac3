import CommandLineKit
import Engine
import Model

enum ImageTreeCommand {
  struct Options: Sendable { var whatRequires = false }

  static let command = MartletCommand(
    "tree", summary: "Show the layers of an image", usage: "[options] IMAGE",
    positionals: .exactly(1, .image), defaults: Options(),
    options: [
      .flag("whatrequires", nil, \.whatRequires, "Show the layers and images that build on it")
    ]
  ) { options, invocation in
    let reader = ReadImageTree(try invocation.globals.context())
    let name = invocation.arguments[0]
    let tree = options.whatRequires ? try reader.dependents(of: name) : try reader.run(name)
    let image = tree.image
    var text = "Image ID: \(image.id.shortID)\n"
    text += "Tags:     [\(image.names.map(\.full).joined(separator: " "))]\n"
    text += "Size:     \(Human.size(image.size))\n"
    if tree.layers.isEmpty {
      text += "No Image Layers\n"
    } else {
      text += "Image Layers\n" + draw(tree.layers, indent: "")
    }
    try Output.write(terminalSafeLines(text))
    return 0
  }

  private static func draw(_ layers: [ImageTree.Layer], indent: String) -> String {
    var text = ""
    for (index, layer) in layers.enumerated() {
      let isLast = index == layers.count - 1
      text += "\(indent)\(isLast ? "└──" : "├──") ID: \(layer.id.shortID) "
      text += "Size: \(Human.size(layer.size))"
      if !layer.topOf.isEmpty { text += " Top Layer of: [\(layer.topOf.joined(separator: " "))]" }
      text += "\n" + draw(layer.children, indent: indent + (isLast ? "    " : "│   "))
    }
    return text
  }

  private static func terminalSafeLines(_ text: String) -> String {
    text.split(separator: "\n").map { terminalSafe(String($0)) + "\n" }.joined()
  }
}
