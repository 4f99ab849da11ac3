extension [UInt8] {
  /// A buffer to read into, whose memory costs nothing until it is written to.
  ///
  /// What it holds before that has no meaning.
  public static func untouched(count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { _, initialized in initialized = count }
  }
}
