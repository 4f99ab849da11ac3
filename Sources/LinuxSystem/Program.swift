import CLinux
import Glibc

/// Another program to be run: an argument vector, never a shell line.
public struct Program: Sendable {
  /// An absolute path; nothing is looked up in PATH here.
  public var path: String
  /// Arguments after the program's name.
  public var arguments: [String]
  /// The whole environment, `NAME=value`; nil inherits ours.
  public var environment: [String]?
  /// Where each of the child's descriptors comes from.
  ///
  /// What is not named is closed, except 0-2, which are inherited.
  public var descriptors: [(child: Int32, ours: Int32)] = []
  /// The name it sees as argv[0]; the path by default.
  public var name: String?
  public var workingDirectory: String?
  /// Runs it from a read-only copy of its mount that is attached nowhere, where that can be made:
  /// an OCI runtime that finds itself there need not run itself again (CVE-2019-5736).
  public var isProtected = false

  public init(_ path: String, _ arguments: [String] = [], environment: [String]? = nil) {
    self.path = path
    self.arguments = arguments
    self.environment = environment
  }

  /// Replaces this process (execve(2)).
  ///
  /// Returns only by throwing.
  public func exec() throws(SystemError) -> Never {
    if isProtected, let copy = try? MountCall.readOnlyCopy(of: path) {
      // Falls through where a mount forbids execution.
      _ = unsafe withArguments { argv, envp in
        unsafe clinux_execveat(copy.raw, "", argv, envp, Int32(CLINUX_AT_EMPTY_PATH))
      }
    }
    let failure = unsafe withArguments { argv, envp in
      unsafe clinux_execve(path, argv, envp)
    }
    throw SystemError("execve", path, errno: -failure)
  }

  /// Replaces this process after putting every named descriptor in its place; all others close.
  public func become() throws(SystemError) -> Never {
    let failure = unsafe withPrepared { unsafe clinux_become($0) }
    throw SystemError("execve", path, errno: -failure)
  }

  /// Starts the program as a child.
  ///
  /// A failure to execute it is thrown here, not seen as an exit status.
  public func start() throws(SystemError) -> ChildProcess {
    var pidfd: Int32 = -1
    let pid = unsafe withPrepared { unsafe clinux_start($0, &pidfd) }
    try check(pid, "execve", path)
    return ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
  }

  /// Starts a child that runs `body`, in a copy of this process's memory, in the program's place.
  ///
  /// It has the descriptors, the directory, the environment and the signals that the program would have.
  /// It ends with what `body` returns; 127 says that it could not be prepared. The caller must have one
  /// thread.
  public func start(running body: () -> Int32) throws(SystemError) -> ChildProcess {
    var pidfd: Int32 = -1
    var place = self
    (place.arguments, place.environment) = ([], environment ?? [])
    let pid = withoutActuallyEscaping(body) { body in
      let box = ChildBody(body)
      let prepared = unsafe PreparedProgram(place)
      defer { unsafe prepared.free() }
      var program = unsafe prepared.program
      if environment == nil { unsafe program.envp = nil }
      return unsafe clinux_stand_in(&program, ChildBody.enter, box.context, &pidfd)
    }
    try check(pid, "clone3")
    return ChildProcess(pid: pid, pidfd: OwnedDescriptor(owning: pidfd))
  }

  /// Runs the program to its end, with its output collected.
  ///
  /// `input`: what it reads on standard input; empty means /dev/null.
  /// `limit`: bytes of output to keep; more fails with EFBIG.
  public func run(input: [UInt8] = [], limit: Int = 1 << 22) throws(SystemError) -> Output {
    var program = self
    let output = try OwnedDescriptor.pipe()
    let errors = try temporaryFile()
    let source: OwnedDescriptor
    if input.isEmpty {
      source = try OwnedDescriptor.open("/dev/null")
    } else {
      source = try temporaryFile()
      try Descriptor.writeAll(source.raw, input)
      try checkErrno(lseek(source.raw, 0, SEEK_SET), "lseek")
    }
    program.descriptors += [
      (0, source.raw), (1, output.writeEnd.raw), (2, errors.raw),
    ]
    let child = try program.start()
    let readEnd = output.split { readEnd, writeEnd in readEnd }
    let text = try Descriptor.readAll(readEnd.raw, limit: limit)
    let end = try child.wait()
    try checkErrno(lseek(errors.raw, 0, SEEK_SET), "lseek")
    let complaints = try Descriptor.read(errors.raw, upTo: 16_384)
    return Output(
      end: end, output: text, errors: String(decoding: complaints, as: UTF8.self))
  }

  public struct Output: Sendable {
    public let end: ProcessEnd
    public let output: [UInt8]
    /// At most the first 16 kB of standard error.
    public let errors: String
    public var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Where `name` is in `directories`.
  ///
  /// The first executable file, or nil. `name` with a slash is itself.
  public static func find(_ name: String, in directories: [String]) -> String? {
    if name.contains("/") { return FileTree.isExecutable(name) ? name : nil }
    for directory in directories where FileTree.isExecutable("\(directory)/\(name)") {
      if let status = try? FileStatus.of("\(directory)/\(name)", follow: true),
        status.kind == .regular
      {
        return "\(directory)/\(name)"
      }
    }
    return nil
  }

  /// System directories for helpers whose place must not come from the environment.
  public static let systemDirectories = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
  ]

  private func temporaryFile() throws(SystemError) -> OwnedDescriptor {
    OwnedDescriptor(owning: try check(unsafe clinux_memfd("martlet", 1), "memfd_create"))
  }

  /// Everything that the child needs, made before there is one.
  private func withPrepared(_ body: (UnsafePointer<clinux_program>) -> Int32) -> Int32 {
    let image = isProtected ? (try? MountCall.readOnlyCopy(of: path))?.release() ?? -1 : -1
    defer { if image >= 0 { Descriptor.close(image) } }
    let prepared = unsafe PreparedProgram(self, image: image)
    defer { unsafe prepared.free() }
    var program = unsafe prepared.program
    return unsafe body(&program)
  }

  func withArguments<Result>(
    _ body: (
      UnsafePointer<UnsafeMutablePointer<CChar>?>, UnsafePointer<UnsafeMutablePointer<CChar>?>
    )
      -> Result
  ) -> Result {
    let argv = unsafe CStrings([name ?? path] + arguments)
    let envp = unsafe CStrings(environment ?? CurrentProcess.environment)
    defer {
      unsafe argv.free()
      unsafe envp.free()
    }
    return unsafe body(argv.list, envp.list)
  }
}
