import LinuxSystem
import OCISpec

/// set_mempolicy(2)'s arguments.
struct MemoryPolicyPlan: Equatable, Sendable {
  /// The mode with its flags.
  var mode: Int32
  /// Memory nodes by bit, least significant first.
  var nodes: [UInt8]

  static let modes: [String: Int32] = [
    "MPOL_DEFAULT": 0, "MPOL_PREFERRED": 1, "MPOL_BIND": 2, "MPOL_INTERLEAVE": 3, "MPOL_LOCAL": 4,
    "MPOL_PREFERRED_MANY": 5, "MPOL_WEIGHTED_INTERLEAVE": 6,
  ]

  static let flags: [String: Int32] = [
    "MPOL_F_NUMA_BALANCING": 1 << 13, "MPOL_F_RELATIVE_NODES": 1 << 14,
    "MPOL_F_STATIC_NODES": 1 << 15,
  ]

  init(_ policy: RuntimeMemoryPolicy) throws(RuntimeError) {
    let field = "linux.memoryPolicy"
    guard let number = Self.modes[policy.mode] else {
      throw .unusable(field: "\(field).mode", "invalid memory policy mode `\(policy.mode)`")
    }
    mode = number
    for flag in policy.flags {
      guard let bit = Self.flags[flag] else {
        throw .unusable(field: "\(field).flags", "invalid memory policy flag `\(flag)`")
      }
      mode |= bit
    }
    nodes =
      try ProcessPlan.cpus(
        policy.nodes, "\(field).nodes: invalid memory policy node", of: "memory nodes")
      ?? []
    let count = nodes.reduce(0) { $0 + $1.nonzeroBitCount }
    guard count == 0 || (number != 0 && number != 4) else {
      // set_mempolicy(2) says EINVAL and no more.
      throw .unusable(
        field: "\(field).nodes", "\(policy.mode) mode requires 0 nodes but got \(count)")
    }
  }
}
