import OCISpec
extension RuntimeSeccomp {
  static func defaultProfile(capabilities: Set<String>) -> RuntimeSeccomp? { nil }
}
