import CLinux
import Glibc

/// Linux namespaces (namespaces(7)).
public enum Namespace: String, CaseIterable, Sendable {
  case user, mount, pid, network, ipc, uts, cgroup, time

  /// Its CLONE_NEW* bit.
  public var cloneFlag: UInt64 {
    switch self {
    case .user: CLINUX_CLONE_NEWUSER
    case .mount: CLINUX_CLONE_NEWNS
    case .pid: CLINUX_CLONE_NEWPID
    case .network: CLINUX_CLONE_NEWNET
    case .ipc: CLINUX_CLONE_NEWIPC
    case .uts: CLINUX_CLONE_NEWUTS
    case .cgroup: CLINUX_CLONE_NEWCGROUP
    case .time: CLINUX_CLONE_NEWTIME
    }
  }

  /// Its name in /proc/PID/ns.
  public var fileName: String {
    switch self {
    case .mount: "mnt"
    case .network: "net"
    default: rawValue
    }
  }

  /// Makes the caller's new namespaces (unshare(2)); a new pid or time namespace is for its next
  /// child.
  public static func unshare(_ kinds: NamespaceSet) throws(SystemError) {
    try check(clinux_unshare(kinds.cloneFlags), "unshare", kinds.description)
  }

  /// Joins the namespace open as `descriptor`, refusing one of another kind (setns(2)).
  public func join(_ descriptor: Int32) throws(SystemError) {
    try check(clinux_setns(descriptor, cloneFlag), "setns", rawValue)
  }

  /// Joins several namespaces of a process at once, by its pidfd.
  public static func join(_ kinds: NamespaceSet, of pidfd: Int32) throws(SystemError) {
    try check(clinux_setns(pidfd, kinds.cloneFlags), "setns", kinds.description)
  }

  /// What identifies a namespace, such as `pid:[4026531836]`; nil when the process is gone.
  public func identity(of pid: String = "self") -> String? {
    try? FileTree.readLink("/proc/\(pid)/ns/\(fileName)")
  }

  /// Sets the namespace's host name (sethostname(2)).
  public static func setHostname(_ name: String) throws(SystemError) {
    try check(unsafe clinux_sethostname(name, UInt64(name.utf8.count)), "sethostname", name)
  }

  public static func setDomainname(_ name: String) throws(SystemError) {
    try check(unsafe clinux_setdomainname(name, UInt64(name.utf8.count)), "setdomainname", name)
  }

  /// Brings the loopback device of the caller's network namespace up.
  public static func bringLoopbackUp() throws(SystemError) {
    try check(clinux_loopback_up(), "bring up", "lo")
  }
}
