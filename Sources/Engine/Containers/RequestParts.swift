import LinuxSystem
import Model

/// `KEY=VALUE` lists of labels and annotations.
enum KeyValues {
  static func parse(_ texts: [String], what: String) throws(ErrorReport) -> [String: String] {
    var values: [String: String] = [:]
    for text in texts {
      let (key, value) = text.cut(at: UInt8(ascii: "="))
      guard !key.isEmpty else {
        throw ErrorReport(.invalidRequest, "invalid \(what) \"\(text)\": the key is empty")
      }
      values[String(key)] = String(value ?? "")
    }
    return values
  }
}

/// The environment: the image's, then files, then options; a later one of the same name wins.
enum EnvironmentMerge {
  /// The caller's variables for proxies, as programs spell them.
  private static let proxies = [
    "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
    "FTP_PROXY", "NO_PROXY",
  ]

  /// Everything of a new container: defaults, the image's, the host's, files, options.
  static func create(_ image: [String], _ request: ContainerRequest, _ config: ContainerConfig)
    throws -> [String]
  {
    var base = [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=oci",
    ]
    if request.terminal { base.append("TERM=xterm") }
    if request.proxyVariables {
      base += proxies.compactMap { name in
        CurrentProcess.environment(name).map { "\(name)=\($0)" }
      }
    }
    base += try request.defaultEnvironment.compactMap(expand)
    base += image
    if !config.process.unsetEnvironment.isEmpty {
      let unset = Set(config.process.unsetEnvironment)
      base =
        unset.contains("*") ? [] : base.filter { !unset.contains(String($0.prefix { $0 != "=" })) }
    }
    if request.environmentOfHost {
      base += try ownEnvironment()
    }
    var merged = try merge(base, request)
    for text in request.environmentMerges {
      guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
        throw ErrorReport(.invalidRequest, "invalid --env-merge \"\(text)\"")
      }
      let name = text[..<equals]
      let value = filled(text[text.index(after: equals)...], from: merged)
      merged.removeAll { $0.hasPrefix("\(name)=") }
      merged.append("\(name)=\(value)")
    }
    return merged
  }

  /// The caller's variables.
  private static func ownEnvironment() throws(SystemError) -> [String] {
    try FileTree.read("/proc/self/environ", limit: 1 << 22).split(separator: 0)
      .map { String(decoding: $0, as: UTF8.self) }
      .filter { $0.contains("=") && !$0.hasPrefix("=") }
  }

  /// `${NAME}` and `$NAME` replaced by their values.
  private static func filled(_ text: Substring, from entries: [String]) -> String {
    var result = ""
    var rest = text
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      let braced = rest.first == "{"
      if braced { rest = rest.dropFirst() }
      let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      rest = rest[name.endIndex...]
      if braced, rest.first == "}" { rest = rest.dropFirst() }
      let entry = entries.first { $0.hasPrefix("\(name)=") }
      result += entry?.dropFirst(name.count + 1) ?? ""
    }
    return result + rest
  }

  static func merge(_ image: [String], _ request: ContainerRequest) throws -> [String] {
    var entries = image
    for path in request.environmentFiles {
      entries += try lines(of: path, what: "environment file").flatMap(expandAll)
    }
    entries += try request.environment.flatMap(expandAll)
    return EnvironmentList.withoutRepeats(entries)
  }

  /// `PREFIX*` stands for all of the caller's variables that start so.
  private static func expandAll(_ text: String) throws -> [String] {
    guard text.hasSuffix("*"), !text.contains("=") else {
      return try expand(text).map { [$0] } ?? []
    }
    return try ownEnvironment().filter { $0.hasPrefix(text.dropLast()) }
  }

  /// `NAME` takes the caller's value, if it has one.
  private static func expand(_ text: String) throws(ErrorReport) -> String? {
    if let equals = text.firstIndex(of: "=") {
      guard equals != text.startIndex else {
        throw ErrorReport(.invalidRequest, "invalid environment variable \"\(text)\"")
      }
      return text
    }
    guard !text.isEmpty else {
      throw ErrorReport(.invalidRequest, "invalid environment variable \"\(text)\"")
    }
    return CurrentProcess.environment(text).map { "\(text)=\($0)" }
  }

  /// Lines that are neither empty nor comments.
  static func lines(of path: String, what: String) throws(ErrorReport) -> [String] {
    let text: String
    do throws(SystemError) { text = try FileTree.readText(path, limit: 1 << 24) } catch {
      throw ErrorReport(.notFound, "\(what) \(path): \(error.reason)")
    }
    return text.split(whereSeparator: \.isNewline).map { line in
      String(line.drop { $0 == " " || $0 == "\t" })
    }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }
}

/// Signals by name or number (signal(7)).
public enum SignalNumber {
  private static let names = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
  ]

  /// `TERM`, `SIGTERM`, `15` or `RTMIN+3`; nil for anything else.
  public static func parse(_ text: String) -> Int32? {
    if let number = Int32(text) { return (1...64).contains(number) ? number : nil }
    var name = text.uppercased()
    if name.hasPrefix("SIG") { name.removeFirst(3) }
    if let index = names.firstIndex(of: name) { return Int32(index + 1) }
    if name.hasPrefix("RTMIN") { return realTime(name.dropFirst(5), from: 34, sign: "+") }
    if name.hasPrefix("RTMAX") { return realTime(name.dropFirst(5), from: 64, sign: "-") }
    return nil
  }

  /// `SIGTERM` for 15.
  public static func name(_ number: Int32) -> String {
    names.indices.contains(Int(number) - 1) ? "SIG\(names[Int(number) - 1])" : "\(number)"
  }

  private static func realTime(_ rest: Substring, from base: Int32, sign: Character) -> Int32? {
    if rest.isEmpty { return base }
    guard rest.first == sign, let offset = Int32(rest.dropFirst()), offset >= 0, offset <= 30 else {
      return nil
    }
    return sign == "+" ? base + offset : base - offset
  }
}

/// `--security-opt`, `--sysctl` and the capability options.
enum SecurityOptions {
  static func resolve(_ request: ContainerRequest) throws(ErrorReport) -> ContainerSecurity {
    var security = ContainerSecurity()
    security.capAdd = request.capAdd
    security.capDrop = request.capDrop
    security.capDefaults = request.capDefaults
    // What cannot be is told of the privileged as well.
    _ = try Capabilities.resolve(security, available: Set(Capabilities.all))
    security.privileged = request.privileged
    security.sysctl = try KeyValues.parse(request.sysctl, what: "sysctl")
    for option in request.securityOptions { try apply(option, to: &security) }
    return security
  }

  private static func apply(_ option: String, to security: inout ContainerSecurity)
    throws(ErrorReport)
  {
    let separator = option.firstIndex { $0 == "=" || $0 == ":" }
    let key = separator.map { option[..<$0] } ?? option[...]
    let value = separator.map { String(option[option.index(after: $0)...]) } ?? ""
    switch key {
    case "no-new-privileges":
      guard ["", "true", "false"].contains(value) else { throw invalid(option) }
      security.noNewPrivileges = value != "false"
    case "seccomp":
      if value != "unconfined", !FileTree.exists(value) {
        throw ErrorReport(.notFound, "seccomp profile \(value) does not exist")
      }
      security.seccomp = value
    case "apparmor": security.apparmor = value
    case "label":
      guard value == "disable" || !FileTree.exists("/sys/fs/selinux/enforce") else {
        throw ErrorReport(.invalidRequest, "SELinux labels are not supported")
      }
    case "mask": security.masked += value.split(separator: ":").map(String.init)
    case "unmask":
      security.unmasked += value.split { $0 == ":" || $0 == "," }.map {
        $0.uppercased() == "ALL" ? "ALL" : String($0)
      }
    default: throw invalid(option)
    }
  }

  private static func invalid(_ option: String) -> ErrorReport {
    ErrorReport(.invalidRequest, "invalid --security-opt \"\(option)\"")
  }
}

/// Sizes as docker writes them: `64k`, `1.5g`, `512MiB`; the units are powers of 1024.
public enum ByteSize {
  /// Bytes; nil when the text is not a size.
  ///
  /// `scale`: what k is; 1000 where docker counts so.
  public static func parse(_ text: String, scale: Double = 1024) -> Int64? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !digits.isEmpty, let number = Double(digits), number.isFinite else { return nil }
    var unit = text[digits.endIndex...].lowercased()
    if unit.hasPrefix(" ") { unit.removeFirst() }
    if unit.hasSuffix("ib") { unit.removeLast(2) } else if unit.hasSuffix("b") { unit.removeLast() }
    let powers = ["": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5]
    guard let power = powers[unit] else { return nil }
    var value = number
    for _ in 0..<power { value *= scale }
    return value < 9.2e18 ? Int64(value.rounded()) : nil
  }
}
