import CLinux
import Glibc

/// Everything that a child needs to become a program, made before there is a child, and freed by hand.
@unsafe struct PreparedProgram {
  let program: clinux_program
  private let place: CStrings
  private let argv: CStrings
  private let envp: CStrings
  /// The descriptors' targets, their sources, and room for as many copies of them.
  private let numbers: UnsafeMutablePointer<Int32>

  /// `image`: an open file to execute in the place of the path, or -1; it stays the caller's.
  init(_ source: Program, image: Int32 = -1) {
    let count = source.descriptors.count
    unsafe place = CStrings([source.path] + (source.workingDirectory.map { [$0] } ?? []))
    unsafe argv = CStrings([source.name ?? source.path] + source.arguments)
    unsafe envp = CStrings(source.environment ?? CurrentProcess.environment)
    unsafe numbers = .allocate(capacity: 3 * count + 1)
    for (index, descriptor) in source.descriptors.enumerated() {
      unsafe numbers[index] = descriptor.child
      unsafe numbers[count + index] = descriptor.ours
    }
    unsafe program = clinux_program(
      path: place.list[0], argv: argv.list, envp: envp.list, image: image,
      directory: place.list[1], targets: numbers, sources: numbers + count,
      parked: numbers + 2 * count, count: Int32(count))
  }

  func free() {
    unsafe place.free()
    unsafe argv.free()
    unsafe envp.free()
    unsafe numbers.deallocate()
  }
}

/// Copies of strings as execve(2) takes them, ended by nil.
///
/// Not an array: every process would make the metadata of its type first.
@unsafe struct CStrings {
  let list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  init(_ texts: [String]) {
    unsafe list = .allocate(capacity: texts.count + 1)
    for (n, text) in texts.enumerated() { unsafe (list + n).initialize(to: strdup(text)) }
    unsafe (list + texts.count).initialize(to: nil)
  }

  func free() {
    var next = unsafe list
    while let text = unsafe next.pointee {
      unsafe Glibc.free(text)
      unsafe next += 1
    }
    unsafe list.deallocate()
  }
}
