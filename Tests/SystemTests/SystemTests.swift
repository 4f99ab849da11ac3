import TestSupport
import Testing

/// Everything that runs the installed programs.
///
/// One test at a time: each looks for what it left
/// behind on the whole machine, and would see another's containers.
@Suite(
  .serialized,
  .enabled(if: Machine.current != nil, "MARTLET_PREFIX names no installed Martlet"),
  .disabled(if: Machine.isRoot, "system tests run as an ordinary user: contrib/rootless-env"))
enum SystemTests {}
