import LinuxSystem
import OCISpec
import Testing

/// Containers without a mount namespace of their own: none in linux.namespaces, or one by path.
@Suite(.enabled(if: RuntimeUnderTest.isUsable, "root, martlet-oci and busybox-static"))
struct SharedMountTests {
  /// A bundle whose container has the caller's mounts.
  private func bundle(_ script: String) throws -> TestBundle {
    let bundle = try TestBundle()
    bundle.spec.linux?.namespaces.removeAll { $0.type == .mount }
    bundle.shell(script)
    return bundle
  }

  /// Runs a script where `oci` is the runtime, in a mount namespace whose mounts are shared; `mounts`
  /// prints what it sees there.
  private func caller(_ bundle: TestBundle, _ script: String) throws -> CommandOutcome {
    _ = try bundle.oci(["state", bundle.id])
    return try bundle.host(
      """
      # A group of its own: nothing spreads to the machine.
      mount --make-rshared /
      oci() { \(RuntimeUnderTest.path ?? "") --root \(bundle.directory)/state "$@"; }
      mounts() { cat /proc/self/mountinfo; }
      id=\(bundle.id) dir=\(bundle.directory) root=\(bundle.rootfs)
      exec </dev/null
      mounts > $dir/before
      same() { mounts > $dir/after; diff $dir/before $dir/after >&2 && echo same; }
      \(script)
      """, in: ["/usr/bin/unshare", "--mount", "--propagation", "private"])
  }

  @Test func theRuntimesMountsAreTheContainers() throws {
    let bundle = try bundle(
      "readlink /proc/self/ns/mnt; ls -d /bin /home 2>/dev/null; id -u; ls /dev/pts")
    let outcome = try caller(
      bundle,
      """
      here=$(readlink /proc/self/ns/mnt)
      oci run --bundle $dir $id > $dir/said
      [ "$(head -1 $dir/said)" = "$here" ] && echo here
      sed 1d $dir/said
      same
      """)
    #expect(outcome.output == "here\n/bin\n0\nptmx\nsame\n", "\(outcome)")
  }

  @Test func deleteUnmountsWhatCreateMounted() throws {
    let bundle = try bundle("echo started; sleep 1000")
    let outcome = try caller(
      bundle,
      """
      oci create --bundle $dir $id
      grep -c " $root/dev/pts " /proc/self/mountinfo
      grep " $root " /proc/self/mountinfo | grep -c shared:
      oci start $id
      oci exec $id sh -c 'ls /; cat /proc/self/mounts | busybox grep -c " / "'
      oci delete --force $id
      same
      """)
    #expect(
      outcome.output
        == "1\n0\nstarted\nbin\ndev\netc\nproc\nroot\nsys\ntmp\n1\nsame\n", "\(outcome)")
  }

  static let failures: [(name: String, change: @Sendable (inout RuntimeSpec) -> Void)] = [
    ("before the root is mounted", { $0.mounts.append(broken("/x", "/nothing/there")) }),
    ("after", { $0.process?.args = ["/bin/missing"] }),
    ("in a hook", { $0.hooks?.createContainer = [RuntimeHook(path: "/bin/false")] }),
  ]

  private static func broken(_ destination: String, _ source: String) -> RuntimeMount {
    var mount = RuntimeMount(destination: destination)
    mount.type = "bind"
    mount.source = source
    mount.options = ["bind"]
    return mount
  }

  @Test(arguments: failures.indices) func aFailedCreateLeavesNothing(index: Int) throws {
    let bundle = try bundle("true")
    bundle.spec.hooks = RuntimeHooks()
    Self.failures[index].change(&bundle.spec)
    let outcome = try caller(
      bundle, "oci create --bundle $dir $id || echo failed; oci list -q; same")
    #expect(outcome.output == "failed\nsame\n", "\(Self.failures[index].name): \(outcome)")
  }

  @Test func whatAKilledRuntimeLeftIsDeleted() throws {
    let bundle = try bundle("true")
    var hook = RuntimeHook(path: "/bin/sh")
    hook.args = ["sh", "-c", "kill -9 $PPID"]
    bundle.spec.hooks = RuntimeHooks()
    bundle.spec.hooks?.createRuntime = [hook]
    let outcome = try caller(
      bundle,
      """
      oci create --bundle $dir $id
      grep -c " $root " /proc/self/mountinfo
      oci delete --force $id
      same
      """)
    #expect(outcome.output == "2\nsame\n", "\(outcome)")
  }

  @Test func onlyItsOwnMountIsDetached() throws {
    let bundle = try bundle("true")
    let outcome = try caller(
      bundle,
      """
      oci create --bundle $dir $id
      mount -t tmpfs cover $root
      oci delete --force $id 2>&1 | grep -o 'another mount covers it'
      umount $root
      mount -t tmpfs cover $root
      umount $root
      umount -R -l $root
      # Takes the numbers that have become free.
      for n in 1 2 3 4 5 6 7 8; do mkdir -p $dir/m$n; mount -t tmpfs m$n $dir/m$n; done
      oci delete --force $id
      grep -c " $dir/m[1-8] " /proc/self/mountinfo
      oci list -q
      """)
    #expect(outcome.output == "another mount covers it\n8\n", "\(outcome)")
  }

  @Test func itIsUnmountedFromAnywhere() throws {
    let bundle = try bundle("true")
    let outcome = try caller(
      bundle,
      """
      oci run --keep --bundle $dir $id
      grep -c " $root " /proc/self/mountinfo
      unshare --mount --propagation private sh -c '"$0" --root "$1" delete "$2"' \
        \(RuntimeUnderTest.path ?? "") \(bundle.directory)/state $id
      same
      """)
    #expect(outcome.output == "2\nsame\n", "\(outcome)")
  }

  /// Namespaces that follow the caller's mounts, such as those of services, see the root alone.
  @Test func whatItSpreadToGoesToo() throws {
    let bundle = try bundle("true")
    let pipe = "\(bundle.directory)/pipe"
    let outcome = try caller(
      bundle,
      """
      mkfifo \(pipe)
      unshare --mount --propagation slave sh -c 'cat $0; exec sleep 1000' \(pipe) &
      echo go > \(pipe)
      cat /proc/$!/mountinfo > $dir/follower
      oci create --bundle $dir $id
      oci exec $id mkdir /tmp/inner
      oci exec $id sh -c 'busybox mount -t tmpfs inner /tmp/inner 2>/dev/null || echo no right'
      grep -c " $root " /proc/$!/mountinfo
      oci delete --force $id
      same
      cat /proc/$!/mountinfo | diff $dir/follower - && echo follower same
      kill $!
      """)
    #expect(outcome.output == "go\nno right\n1\nsame\nfollower same\n", "\(outcome)")
  }

  @Test func aCallersRootAndDirectoryStay() throws {
    let bundle = try bundle("ls -d /bin")
    var hook = RuntimeHook(path: "/bin/sh")
    hook.args = ["sh", "-c", "[ -e /mnt/inside ] && pwd > \(bundle.directory)/hook"]
    bundle.spec.hooks = RuntimeHooks()
    bundle.spec.hooks?.createContainer = [hook]
    let outcome = try caller(
      bundle,
      """
      mkdir $dir/jail
      mount --rbind --make-rprivate / $dir/jail
      mount -t tmpfs mark $dir/jail/mnt
      : > $dir/jail/mnt/inside
      mounts > $dir/before
      chroot $dir/jail sh -c 'cd $0; $1 --root state run --bundle . $2' \
        $dir \(RuntimeUnderTest.path ?? "") $id
      cat $dir/hook
      same
      """)
    #expect(outcome.output == "/bin\n\(bundle.directory)\nsame\n", "\(outcome)")
  }

  /// A holder's namespace is joined by its path, and keeps its own root and mounts.
  @Test(arguments: [false, true]) func joinsAMountNamespace(holderEnds: Bool) throws {
    let bundle = try bundle("readlink /proc/self/ns/mnt; ls -d /home 2>/dev/null; sleep 1000")
    let pipe = "\(bundle.directory)/pipe"
    var namespace = RuntimeNamespace(.mount)
    namespace.path = "\(bundle.directory)/proc-of-holder/ns/mnt"
    bundle.spec.linux?.namespaces.append(namespace)
    let end = holderEnds ? "kill -9 $holder; wait $holder 2>/dev/null" : ":"
    let outcome = try caller(
      bundle,
      """
      mkfifo \(pipe)
      unshare --mount --propagation private sh -c 'cat $0; exec sleep 1000' \(pipe) &
      holder=$!
      echo go > \(pipe)
      ln -s /proc/$holder $dir/proc-of-holder
      there=$(readlink /proc/$holder/ns/mnt)
      cat /proc/$holder/mountinfo > $dir/holder-before
      oci run --detach --bundle $dir $id > $dir/said || exit
      oci exec $id sh -c 'until [ -e /proc/1/root ]; do :; done; readlink /proc/self/ns/mnt; ls /home' \
        > $dir/exec 2>&1
      [ "$(head -1 $dir/exec)" = "$there" ] && echo executed there
      grep -c 'No such file' $dir/exec
      [ /proc/$holder/root -ef / ] && echo root kept
      same
      grep -c " $root " /proc/$holder/mountinfo
      \(end)
      oci delete --force $id
      [ "$(cat $dir/said)" = "$there" ] && echo there
      [ \(holderEnds) = true ] && exit
      cat /proc/$holder/mountinfo | diff $dir/holder-before - && echo holder same
      kill $holder
      """)
    #expect(
      outcome.output
        == "go\nexecuted there\n1\nroot kept\nsame\n2\nthere\n"
        + (holderEnds ? "" : "holder same\n"), "\(outcome)")
  }

  @Test func anotherKindOfNamespaceIsRefused() throws {
    let bundle = try bundle("true")
    var namespace = RuntimeNamespace(.mount)
    namespace.path = "/proc/self/ns/uts"
    bundle.spec.linux?.namespaces.append(namespace)
    let outcome = try caller(bundle, "oci run --bundle $dir $id; oci list -q; same")
    #expect(outcome.output == "same\n")
    #expect(outcome.errors.contains("join the mount namespace"), "\(outcome.errors)")
  }

  @Test func itsTerminalIsItsOwn() throws {
    let bundle = try bundle("readlink /proc/self/fd/0; busybox tty")
    bundle.spec.process?.terminal = true
    let outcome = try caller(bundle, "oci run --bundle $dir $id; same")
    #expect(outcome.output == "/dev/pts/0\n/dev/pts/0\nsame\n", "\(outcome)")
  }

  /// Its mounts would have to be made in a namespace that its user namespace does not own.
  @Test func unprivilegedCallersAreRefused() throws {
    let bundle = try bundle("true")
    let outcome = try bundle.hostAsOrdinaryUser(try bundle.runCommand())
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("linux.namespaces: a container in a user namespace"))
  }
}
