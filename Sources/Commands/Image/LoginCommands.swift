import CommandLineKit
import Engine
import ImageStore
import LinuxSystem
import Model

/// `login` and `logout`.
enum LoginCommands {
  struct LoginOptions: Sendable {
    var user: String?
    var password: String?
    var readsPassword = false
    var secret: String?
    var showsUser = false
    var isVerbose = false
    var registry = RegistryOptions()
  }

  static let login = MartletCommand(
    "login", summary: "Log in to a registry", usage: "[options] [REGISTRY]",
    description: "Checks the login with the registry and keeps it for pull, push and the others.\n"
      + "Without a name and password the login that is kept is checked, or you are asked.",
    examples: ["martlet login quay.io", "echo \"$TOKEN\" | martlet login -u me --password-stdin"],
    positionals: .between(0, 1), defaults: LoginOptions(),
    options: [
      .value("username", "u", \.user, "NAME", "The user's name"),
      .value("password", "p", \.password, "PASSWORD", "The password; others can see it in ps"),
      .flag("password-stdin", nil, \.readsPassword, "Read the password from standard input"),
      .value("secret", nil, \.secret, "SECRET", "Take the password from a secret"),
      .flag("get-login", nil, \.showsUser, "Show the user's name for the registry"),
      .flag("verbose", "v", \.isVerbose, "Tell where the login is kept"),
      compatFile(\.registry),
    ] + RegistryOptions.loginTable(\.registry)
  ) { options, invocation in
    var options = options
    let context = try invocation.globals.context()
    try take(secret: &options, context)
    options.registry.useDockerDirectory(invocation.globals)
    let registry = try LoginRegistry.key(
      invocation.arguments.first ?? LoginRegistry.defaultRegistry())
    let access = try options.registry.access()
    let engine = LoginRegistry(context)
    if options.showsUser {
      try Output.line(try engine.user(registry, access))
      return 0
    }
    if options.user == nil, options.password == nil, !options.readsPassword,
      let user = try? engine.login(registry, user: nil, password: nil, access)
    {
      try Output.line("Already logged in to \(registry) as \(user)")
      return 0
    }
    let (user, password) = try ask(options)
    _ = try engine.login(registry, user: user, password: password, access)
    try Output.line("Login Succeeded!")
    return 0
  }

  struct LogoutOptions: Sendable {
    var all = false
    var registry = RegistryOptions()
  }

  static let logout = MartletCommand(
    "logout", summary: "Forget the login for a registry", usage: "[options] [REGISTRY]",
    positionals: .between(0, 1), defaults: LogoutOptions(),
    options: [
      .flag("all", "a", \.all, "Forget all logins"),
      .value(
        "authfile", nil, \.registry.authFile, "FILE", "Where logins are kept", complete: .file),
      compatFile(\.registry),
    ]
  ) { options, invocation in
    var options = options
    options.registry.useDockerDirectory(invocation.globals)
    let engine = LoginRegistry(try invocation.globals.context())
    let access = try options.registry.access()
    if options.all {
      guard invocation.arguments.isEmpty else {
        throw ErrorReport(.invalidRequest, "--all takes no registry")
      }
      try engine.logout(nil, access)
      try Output.line("Removed login credentials for all registries")
      return 0
    }
    let registry = try LoginRegistry.key(
      invocation.arguments.first ?? LoginRegistry.defaultRegistry())
    try engine.logout(registry, access)
    try Output.line("Removed login credentials for \(registry)")
    return 0
  }

  private static func compatFile<Options>(
    _ path: @autoclosure @escaping @Sendable () -> WritableKeyPath<Options, RegistryOptions>
  ) -> OptionSpec<Options> {
    .value(
      "compat-auth-file", nil, path().appending(path: \.dockerAuthFile), "FILE",
      "Where docker keeps logins", complete: .file)
  }

  /// The content of a secret as the password; its name is the user's where none is given.
  private static func take(secret options: inout LoginOptions, _ context: EngineContext) throws {
    guard let name = options.secret else { return }
    guard options.password == nil, !options.readsPassword else {
      throw ErrorReport(
        .invalidRequest, "--secret excludes --password and --password-stdin")
    }
    let store = SecretStore(context)
    let secret = try store.resolve(name)
    options.password = String(decoding: try store.content(secret), as: UTF8.self)
    if options.user == nil { options.user = secret.name }
  }

  /// The name and password, asked for at a terminal where the options lack them.
  private static func ask(_ options: LoginOptions) throws -> (user: String, password: String) {
    let input = Descriptor.standardInput
    if options.readsPassword {
      guard options.password == nil else {
        throw ErrorReport(.invalidRequest, "--password and --password-stdin exclude each other")
      }
      guard let user = options.user else {
        throw ErrorReport(
          .invalidRequest, "--password-stdin needs a user name", hint: "add --username NAME")
      }
      let bytes = try Descriptor.readAll(input, limit: 1 << 16)
      var text = String(decoding: bytes, as: UTF8.self)
      while let last = text.last, last.isNewline { text.removeLast() }
      return (user, text)
    }
    if let user = options.user, let password = options.password { return (user, password) }
    let isTerminal = Descriptor.isTerminal(input)
    func line(_ prompt: String, hidden: Bool) throws -> String {
      if isTerminal { Message.put(prompt) }
      let settings = hidden && isTerminal ? try PseudoTerminal.hideInput(input) : nil
      defer {
        if let settings {
          // The shell's own settings come back with its next prompt all the same.
          try? PseudoTerminal.restore(input, settings)
          Message.put("\n")
        }
      }
      guard let line = readLine() else {
        throw ErrorReport(
          .invalidRequest, "no \(hidden ? "password" : "user name") was given",
          hint: "use --username and --password-stdin")
      }
      return line
    }
    let user = try options.user ?? line("Username: ", hidden: false)
    return (user, try options.password ?? line("Password: ", hidden: true))
  }
}
