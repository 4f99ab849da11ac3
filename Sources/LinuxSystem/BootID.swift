/// The kernel's name for this boot (random(4), boot_id).
public enum BootID {
  /// Empty where it cannot be read: then only start times tell that the machine was down.
  public static let current: String = {
    let text = (try? FileTree.readText("/proc/sys/kernel/random/boot_id", limit: 64)) ?? ""
    return String(text.prefix { $0 != "\n" })
  }()
}
