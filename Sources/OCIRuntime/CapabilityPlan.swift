import LinuxSystem
import OCISpec

/// The five sets of capabilities as bits.
struct CapabilityPlan: Equatable, Sendable {
  var bounding: Capability.Mask = []
  var effective: Capability.Mask = []
  var inheritable: Capability.Mask = []
  var permitted: Capability.Mask = []
  var ambient: Capability.Mask = []
  /// Names that no capability has, as they were written.
  var unknown: [String] = []

  init(_ capabilities: RuntimeCapabilities?) {
    guard let capabilities else { return }
    bounding = mask(capabilities.bounding)
    effective = mask(capabilities.effective)
    inheritable = mask(capabilities.inheritable)
    permitted = mask(capabilities.permitted)
    ambient = mask(capabilities.ambient)
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
