/// What a monitor is told to do, as the record that it reads from descriptor 3 to its end.
///
/// The other descriptors of the contract: 4 the connected socket to whoever started it (the attach
/// protocol, `AttachFrame`), 5 a descriptor that holds the container's monitor lock, 6 the network
/// namespace and 7 the nested user namespace that owns it (both optional), 8 to 13 those of `begunRun`,
/// from 16 on what `preservedDescriptors` counts.
public struct MonitorOrder: Equatable, Sendable {
  public static let orderDescriptor: Int32 = 3
  public static let syncDescriptor: Int32 = 4
  public static let lockDescriptor: Int32 = 5
  public static let networkDescriptor: Int32 = 6
  public static let userDescriptor: Int32 = 7
  /// The pipe of which a byte lets a run that was begun go on, and its end ends it.
  public static let gateDescriptor: Int32 = 8
  /// What the runtime says of a run that was begun.
  public static let messageDescriptor: Int32 = 9
  /// An event counter (eventfd(2)), added to when that run's program has begun, before the runtime has
  /// ended.
  public static let startedDescriptor: Int32 = 10
  /// Our ends of that container's streams; there may be no input.
  public static let outputDescriptor: Int32 = 11
  public static let errorDescriptor: Int32 = 12
  public static let inputDescriptor: Int32 = 13
  /// Where the container's 3, 4, … are in the monitor.
  public static let firstPreservedDescriptor: Int32 = 16

  public enum LogDriver: String, Sendable {
    case k8sFile = "k8s-file"
    case jsonFile = "json-file"
    /// The system's journal, by its native protocol.
    case journald
    case none
    /// The container has the monitor's own descriptors 0 to 2; nothing is relayed.
    case passthrough
    /// As `passthrough`, where one of them may be a terminal.
    case passthroughTerminal = "passthrough-tty"

    /// Whether the container is given the caller's own streams.
    public var passesStreams: Bool { self == .passthrough || self == .passthroughTerminal }
    public var isFile: Bool { self == .k8sFile || self == .jsonFile }
  }

  public struct Log: Equatable, Sendable {
    public var driver: LogDriver
    /// The file; for `journald` the journal's socket.
    public var path: String
    /// Bytes after which the file is rotated; nil: never.
    public var maximumSize: Int64?
    /// Files kept, the current one included (1 and up).
    public var maximumFiles: Int
    /// `NAME=value` of each record in the journal.
    public var fields: [String] = []
    /// A JSON object that goes into each record of json-file as `attrs`.
    public var attributes: String?

    public init(
      driver: LogDriver, path: String = "", maximumSize: Int64? = nil, maximumFiles: Int = 1
    ) {
      self.driver = driver
      self.path = path
      self.maximumSize = maximumSize
      self.maximumFiles = maximumFiles
    }
  }

  /// Where and how the monitor tells of what happens to the container.
  public struct Notes: Equatable, Sendable {
    /// The event log's directory, or its place in the journal.
    public var directory: String
    public var image: String
    /// `KEY=VALUE`.
    public var labels: [String]

    public init(directory: String, image: String, labels: [String]) {
      self.directory = directory
      self.image = image
      self.labels = labels
    }
  }

  public var id: String
  public var name = ""
  /// The OCI runtime's absolute path and its global arguments.
  public var runtime: String
  public var runtimeArguments: [String] = []
  /// The runtime is the one that the monitor's program has in itself, and no container can change that
  /// program's file: a call of it needs no program.
  public var runtimeIsLinked = false
  /// The process of the runtime's first `run`, a child of the monitor from before its program began.
  ///
  /// It has made the container up to its program, or is about to, and waits at the gate.
  public var begunRun: Int32?
  public var bundle: String
  /// The container's live directory, on a tmpfs, mode 0700.
  public var runDirectory: String
  /// Where the durable exit record goes; nil for a container that is removed at its end.
  public var exitRecord: String?
  public var log = Log(driver: .none)
  public var terminal = false
  /// Standard input is a pipe (or the terminal); otherwise it is /dev/null.
  public var keepsStandardInput = false
  /// Standard input ends when the first client that was attached to it leaves.
  public var standardInputOnce = false
  /// The streams that the sync socket is attached to from the start.
  public var attached: AttachStreams = []
  public var windowSize: WindowSize?
  /// Start when created; otherwise a client's `start` frame is waited for.
  public var startsNow = true
  public var network: NetworkHelperOrder?
  /// Nil: nobody is told.
  public var notes: Notes?
  /// Nil: the container stays, or its removal is more than the monitor can do.
  public var removal: RemovalOrder?
  /// A program to execute in the monitor's place at the very end, unless `removal` was all there was to
  /// do.
  public var afterExit: [String] = []
  public var stopSignal: Int32 = 15
  /// Seconds from the stop signal to SIGKILL.
  public var stopTimeout: Int64 = 10
  /// Seconds after which the container is killed; nil: never.
  public var timeout: Int64?
  public var restart = RestartPolicy.never
  /// Milliseconds before the first restart; doubles up to one minute.
  public var restartDelay: Int64 = 100
  /// Restarts so far, when a container with a policy is taken up again.
  public var restarts = 0
  public var preservedDescriptors = 0
  /// Where to write the container's and the monitor's process ids.
  public var pidFile: String?
  public var monitorPidFile: String?
  public var health: HealthOrder?
  /// Nil: nobody waits to be told.
  public var notify: NotifyOrder?
  /// Users, as the monitor's namespace numbers them, that may attach besides its own and root.
  public var allowedUsers: [UInt32] = []

  /// What another process finds a descriptor of the monitor's by.
  public static func path(of descriptor: Int32, in monitor: Int32) -> String {
    "/proc/\(monitor)/fd/\(descriptor)"
  }

  /// Where the runtime writes the id of the container's process.
  public var initPidFile: String { "\(runDirectory)/pidfile" }

  /// Whether nothing has to happen between create and start, so that one call of the runtime does both.
  ///
  /// Only our own keeps what it says itself out of the container's output.
  public var needsOneCall: Bool {
    network == nil && !terminal && RuntimePath.isOurs(runtime)
  }

  public init(id: String, runtime: String, bundle: String, runDirectory: String) {
    self.id = id
    self.runtime = runtime
    self.bundle = bundle
    self.runDirectory = runDirectory
  }
}

/// The program that connects a container's network namespace, which the monitor runs beside the
/// container.
public struct NetworkHelperOrder: Equatable, Sendable {
  public enum Readiness: Equatable, Sendable {
    /// It goes into the background by itself and the first process exits with 0.
    case exit
    /// It writes to this descriptor of its own.
    case descriptor(Int32)
  }

  /// The program's absolute path and its arguments.
  public var arguments: [String]
  public var readiness: Readiness
  /// A descriptor of the helper's at whose end it leaves.
  public var exitDescriptor: Int32?
  /// A socket that takes one request per connection, and the requests.
  public var apiSocket: String?
  public var requests: [String]

  public init(
    arguments: [String], readiness: Readiness, exitDescriptor: Int32? = nil,
    apiSocket: String? = nil, requests: [String] = []
  ) {
    self.arguments = arguments
    self.readiness = readiness
    self.exitDescriptor = exitDescriptor
    self.apiSocket = apiSocket
    self.requests = requests
  }
}
