import LinuxSystem
import OCISpec

/// The five sets of capabilities as bits.
struct CapabilityPlan: Equatable, Sendable {
  var bounding: Capability.Mask = []
  var effective: Capability.Mask = []
  var inheritable: Capability.Mask = []
  var permitted: Capability.Mask = []
  var ambient: Capability.Mask = []
  /// What was asked for and cannot be had.
  var warnings: [String] = []
  /// What callers ask for as a habit (buildah: all, none inheritable), and the kernel never gives.
  var remarks: [String] = []
  private var unknown: [String] = []

  init(_ capabilities: RuntimeCapabilities?) {
    guard let capabilities else { return }
    bounding = mask(capabilities.bounding)
    effective = mask(capabilities.effective)
    inheritable = mask(capabilities.inheritable)
    permitted = mask(capabilities.permitted)
    let asked = mask(capabilities.ambient)
    // capabilities(7): never one that is not permitted and inheritable.
    ambient = asked.intersection(permitted).intersection(inheritable)
    warnings = unknown.map { "unknown capability `\($0)` ignored" }
    for name in capabilities.ambient where !unknown.contains(name) {
      guard let number = Capability.number(name) else { continue }
      if !ambient.contains(Capability.Mask(rawValue: 1 << UInt64(number))) {
        let text = "can't raise ambient capability \(name): it is not permitted and inheritable"
        if inheritable.isEmpty { remarks.append(text) } else { warnings.append(text) }
      }
    }
  }

  func report(to context: RuntimeContext) {
    for warning in warnings { context.warn(warning) }
    for remark in remarks { context.debug { remark } }
  }

  private mutating func mask(_ names: [String]) -> Capability.Mask {
    var bits: UInt64 = 0
    for name in names {
      if let number = Capability.number(name) {
        bits |= 1 << number
      } else if !unknown.contains(name) {
        unknown.append(name)
      }
    }
    return Capability.Mask(rawValue: bits)
  }
}
