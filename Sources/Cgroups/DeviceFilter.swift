import OCISpec

/// The device rules of a container as a program for the kernel (BPF_PROG_TYPE_CGROUP_DEVICE).
struct DeviceFilter: Equatable {
  /// What every container may use, whatever its rules say (config-linux.md#default-devices): the
  /// default nodes, terminals, and making nodes that then cannot be opened.
  static let alwaysAllowed: [RuntimeDeviceRule] = [
    RuntimeDeviceRule(allow: true, type: "c", access: "m"),
    RuntimeDeviceRule(allow: true, type: "b", access: "m"),
    RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 3, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 5, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 7, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 8, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 9, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 5, minor: 0, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 5, minor: 1, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 5, minor: 2, access: "rwm"),
    RuntimeDeviceRule(allow: true, type: "c", major: 136, access: "rwm"),
  ]

  /// struct bpf_insn: 8 bytes each.
  private(set) var instructions: [UInt8] = []

  // Registers: r1 the context, r2 type, r3 access, r4 major, r5 minor, r6 scratch.
  init(_ rules: [RuntimeDeviceRule]) {
    emit(0x61, 2, 1, 0, 0)  // r2 = *(u32 *)(r1 + 0): access << 16 | type
    emit(0xBC, 3, 2, 0, 0)  // w3 = w2
    emit(0x54, 2, 0, 0, 0xFFFF)  // w2 &= 0xffff
    emit(0x74, 3, 0, 0, 16)  // w3 >>= 16
    emit(0x61, 4, 1, 4, 0)  // r4 = major
    emit(0x61, 5, 1, 8, 0)  // r5 = minor
    // The last matching rule wins, so the last is asked first. No rule matching: denied.
    for rule in rules.reversed() {
      if Self.matchesAll(rule) {
        // The verifier refuses instructions that nothing reaches.
        verdict(rule.allow)
        return
      }
      add(rule)
    }
    verdict(false)
  }

  private static func matchesAll(_ rule: RuntimeDeviceRule) -> Bool {
    let anyType = rule.type.map { $0.isEmpty || $0 == "a" } ?? true
    return anyType && bits(rule.access) == 7 && (rule.major ?? -1) < 0 && (rule.minor ?? -1) < 0
  }

  private mutating func emit(_ code: UInt8, _ dst: UInt8, _ src: UInt8, _ off: Int16, _ imm: Int32)
  {
    let offset = UInt16(bitPattern: off)
    let value = UInt32(bitPattern: imm)
    instructions += [
      code, src << 4 | dst, UInt8(truncatingIfNeeded: offset),
      UInt8(truncatingIfNeeded: offset >> 8),
    ]
    for shift in [UInt32(0), 8, 16, 24] {
      instructions.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  private mutating func verdict(_ allow: Bool) {
    emit(0xB4, 0, 0, 0, allow ? 1 : 0)  // w0 = verdict
    emit(0x95, 0, 0, 0, 0)  // exit
  }

  /// BPF_DEVCG_ACC_MKNOD 1, READ 2, WRITE 4.
  private static func bits(_ access: String?) -> Int32 {
    guard let access, !access.isEmpty else { return 7 }
    return (access.contains("m") ? 1 : 0) | (access.contains("r") ? 2 : 0)
      | (access.contains("w") ? 4 : 0)
  }

  private mutating func add(_ rule: RuntimeDeviceRule) {
    let access = Self.bits(rule.access)
    let type = rule.type ?? "a"
    let checksType = type == "b" || type == "c" || type == "u"
    let major = rule.major.flatMap { $0 >= 0 ? Int32(truncatingIfNeeded: $0) : nil }
    let minor = rule.minor.flatMap { $0 >= 0 ? Int32(truncatingIfNeeded: $0) : nil }
    // Instructions left to skip when a comparison fails.
    var left: Int16 = 2
    if minor != nil { left += 1 }
    if major != nil { left += 1 }
    if access != 7 { left += 3 }
    if checksType {
      emit(0x56, 2, 0, left, type == "b" ? 1 : 2)  // if w2 != type skip
    }
    if access != 7 {
      // Allowing needs every asked bit inside the rule; denying needs one of them.
      emit(0xBC, 6, 3, 0, 0)  // w6 = w3
      emit(0x54, 6, 0, 0, rule.allow ? ~access & 7 : access)  // w6 &= mask
      left -= 3
      emit(rule.allow ? 0x56 : 0x16, 6, 0, left, 0)
    }
    if let major {
      left -= 1
      emit(0x56, 4, 0, left, major)
    }
    if let minor {
      left -= 1
      emit(0x56, 5, 0, left, minor)
    }
    verdict(rule.allow)
  }
}
