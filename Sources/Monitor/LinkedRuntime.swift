public import LinuxSystem

/// Our own OCI runtime where it is called without its program.
public struct LinkedRuntime {
  /// Starts a process with the descriptors 0 to 2 as our child; nil when the runtime is to be called.
  public typealias Start = ([(child: Int32, ours: Int32)]) -> ChildProcess?

  /// Its main function: arguments, the program's name first, and the exit status.
  let main: ([String]) -> Int32
  /// Prepares `exec --process` to be made many times: options before the command, the document and the
  /// container's id; nil when the runtime is to be called each time.
  let prepare: (_ options: [String], _ document: String, _ id: String) -> Start?

  public init(
    main: @escaping ([String]) -> Int32, prepare: @escaping ([String], String, String) -> Start?
  ) {
    self.main = main
    self.prepare = prepare
  }
}
