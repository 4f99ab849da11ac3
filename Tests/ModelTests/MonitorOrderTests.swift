import Model
import Testing

@Suite struct MonitorOrderTests {
  @Test func survivesItsRecord() {
    var order = MonitorOrder(
      id: "abc", runtime: "/usr/bin/crun", bundle: "/b", runDirectory: "/r with space")
    order.name = "web\nserver"
    order.runtimeArguments = ["--root", "/x"]
    order.runtimeIsLinked = true
    order.begunRun = 77
    order.exitRecord = "/d/exit"
    order.log = .init(driver: .k8sFile, path: "/l", maximumSize: 1_000, maximumFiles: 3)
    order.terminal = true
    order.keepsStandardInput = true
    order.standardInputOnce = true
    order.attached = [.standardInput, .standardError]
    order.windowSize = WindowSize(rows: 24, columns: 80)
    order.startsNow = false
    order.network = NetworkHelperOrder(
      arguments: ["/usr/bin/slirp4netns", "-r", "3"], readiness: .descriptor(3),
      exitDescriptor: 4, apiSocket: "/s", requests: ["{}"])
    order.removal = RemovalOrder(
      directory: "/c/abc", trash: "/t/abc", names: "/n", mountPoint: "/r/root fs")
    order.afterExit = ["/usr/bin/martlet", "__cleanup", "abc"]
    order.stopSignal = 2
    order.stopTimeout = 3
    order.timeout = 60
    order.restart = .onFailure(attempts: 4)
    order.restartDelay = 1
    order.restarts = 2
    order.preservedDescriptors = 1
    order.allowedUsers = [1000]
    order.log.fields = ["CONTAINER_NAME=web", "NOTE=a\nb"]
    order.log.attributes = #"{"tag":"web"}"#
    var health = HealthOrder()
    health.interval = nil
    health.timeout = 1
    health.startInterval = 2
    health.onFailure = .restart
    health.logFile = "/h/log"
    health.record = "/d/health"
    var startup = HealthOrder.Startup()
    startup.retries = 4
    startup.successes = 5
    health.startup = startup
    order.health = health
    var notify = NotifyOrder(socket: "@abstract")
    notify.isReadyWhenHealthy = true
    notify.directory = "/r/notify"
    order.notify = notify
    #expect(LineRecord(parsing: order.record.text).flatMap { MonitorOrder($0) } == order)
  }

  @Test(arguments: ["id", "runtime", "bundle", "run-dir", "log-driver"])
  func refusesAnOrderWithout(field: String) {
    let order = MonitorOrder(id: "a", runtime: "/r", bundle: "/b", runDirectory: "/d")
    var record = order.record
    #expect(MonitorOrder(record) == order)
    record[field] = nil
    #expect(MonitorOrder(record) == nil)
  }

  @Test(arguments: [
    ("no", RestartPolicy.never), ("on-failure", .onFailure(attempts: nil)),
    ("on-failure:3", .onFailure(attempts: 3)), ("always", .always),
    ("unless-stopped", .unlessStopped),
  ])
  func readsRestartPolicies(text: String, policy: RestartPolicy) {
    #expect(RestartPolicy(text) == policy)
    #expect(policy.description == text)
  }

  @Test(arguments: ["sometimes", "on-failure:", "on-failure:-1", "on-failure:x", "Always"])
  func refusesOtherRestartPolicies(text: String) {
    #expect(RestartPolicy(text) == nil)
  }

  @Test func onFailureCountsItsAttempts() {
    let policy = RestartPolicy.onFailure(attempts: 2)
    #expect(policy.restarts(afterCode: 1, restarts: 1))
    #expect(!policy.restarts(afterCode: 1, restarts: 2))
    #expect(!policy.restarts(afterCode: 0, restarts: 0))
  }
}
