import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// Options of the contract of the command line that no other test has, each as a shell script and what
  /// it prints; `CommandContractTests` says when one is missing.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "facts of Martlet alone"))
  struct ContractTests {
    static let rows = [
      ScriptFact(
        "--platform, --os, --arch",
        """
        a=$(m info --format '{{.Host.Arch}}')
        run --rm --platform linux/$a $IMAGE echo whole
        run --rm --os linux --arch $a $IMAGE echo parts
        """, "whole\nparts"),
      ScriptFact(
        "--variant", "m create --pull never --variant v9 $IMAGE true >/dev/null 2>&1; echo $?",
        "125"),
      ScriptFact(
        "run --attach", "run --rm --attach stdout $IMAGE sh -c 'echo out; echo err >&2' 2>&1",
        "out"),
      ScriptFact(
        "--authfile, --creds",
        """
        echo '{}' > auth.json
        run --rm --pull never --authfile $PWD/auth.json --creds me:secret $IMAGE echo fine
        """, "fine"),
      ScriptFact(
        "commit --author, --message, --change",
        """
        c=$(m create $IMAGE true)
        m commit -q --author Me --message 'A text' --change 'CMD ["/bin/echo"]' $c own:1 >/dev/null
        m image inspect --format '{{.Author}} {{.Comment}} {{.Config.Cmd}}' own:1
        m rm $c >/dev/null; m rmi own:1 >/dev/null
        """, "Me A text [/bin/echo]"),
      ScriptFact(
        "the limits of a container's control group",
        """
        c=$(m create --cgroup-parent /above --cpu-period 50000 --cpu-quota 25000 --cpu-shares 512 \
          --cpuset-cpus 0 --cpuset-mems 0 --memory 64m --memory-reservation 32m $IMAGE true)
        m inspect --format '{{with .HostConfig}}{{.CgroupParent}} {{.CpuPeriod}} {{.CpuQuota}} \
        {{.CpuShares}} {{.CpusetCpus}} {{.CpusetMems}} {{.Memory}} {{.MemoryReservation}}{{end}}' $c
        m rm $c >/dev/null
        """, "/above 50000 25000 512 0 0 67108864 33554432"),
      ScriptFact(
        "logs --details, --timestamps, --follow",
        """
        run -d --name told $IMAGE sh -c 'echo line' >/dev/null
        m logs --details --timestamps --follow told | cut -d' ' -f2; m rm told >/dev/null
        """, "line"),
      ScriptFact(
        "--dns-search, --dns-option, --dns-opt",
        """
        c=$(m create --dns 192.0.2.1 --dns-search example.org --dns-option ndots:3 $IMAGE true)
        d=$(m create --dns-opt ndots:4 $IMAGE true)
        m inspect --format '{{with .HostConfig}}{{.Dns}} {{.DnsSearch}} {{.DnsOptions}}{{end}}' $c $d
        m rm $c $d >/dev/null
        """, "[192.0.2.1] [example.org] [ndots:3]\n[] [] [ndots:4]"),
      ScriptFact(
        "volume create --driver",
        """
        m volume create --driver local driven; m volume create --driver moon none 2>/dev/null; echo $?
        m volume rm driven
        """, "driven\n125\ndriven"),
      ScriptFact(
        "cp --follow-link",
        """
        echo text > given; ln -s given link; c=$(m create $IMAGE true)
        m cp --follow-link link $c:/there; m cp $c:/there back; cat back; test -h back; echo $?
        m rm $c >/dev/null
        """, "text\n1"),
      ScriptFact(
        "what says how health is checked",
        """
        c=$(m create --healthcheck-command true --health-start-interval 2s --health-startup-cmd true \
          --health-startup-retries 4 --health-startup-timeout 3s $IMAGE true)
        m inspect --format '{{with .Config}}{{.Healthcheck.Test}} {{.Healthcheck.StartInterval}} \
        {{.StartupHealthCheck.Retries}} {{.StartupHealthCheck.Timeout}}{{end}}' $c
        m rm $c >/dev/null
        """, "[CMD-SHELL true] 2s 4 3s"),
      ScriptFact(
        "--image-volume",
        """
        c=$(m create $IMAGE true); m commit -q --change 'VOLUME /kept' $c own:1 >/dev/null
        for v in tmpfs ignore anonymous; do
          run --rm --image-volume $v own:1 grep -c ' /kept ' /proc/mounts
          run --rm --image-volume $v own:1 grep -c '^tmpfs /kept tmpfs' /proc/mounts
        done
        m rm $c >/dev/null; m rmi own:1 >/dev/null
        """, "1\n1\n0\n0\n1\n0"),
      ScriptFact(
        "--device-cgroup-rule",
        "run --rm --device-cgroup-rule 'c 1:3 r' $IMAGE true 2>&1 | grep -c 'are not supported in rootless'",
        "1"),
      ScriptFact(
        "--label-file",
        """
        printf '# no label\na=1\nb\n' > labels; c=$(m create --label-file labels $IMAGE true)
        m inspect --format '{{index .Config.Labels "a"}}{{index .Config.Labels "b"}}.' $c
        m rm $c >/dev/null
        """, "1."),
      ScriptFact(
        "exec --no-session, kill --signal, ps --quiet",
        """
        c=$(run -d $IMAGE sleep 300); m exec --no-session $c echo fine
        test "$(m ps --quiet --no-trunc)" = $c; echo $?; m kill --signal KILL $c | grep -c $c; m rm -f $c >/dev/null
        """, "fine\n0\n1"),
      ScriptFact(
        "--publish, --publish-all",
        """
        c=$(m create --publish 127.0.0.1:4711:80 --publish-all --expose 90 $IMAGE true)
        m inspect --format '{{with .HostConfig}}{{.PublishAllPorts}} {{index .PortBindings "80/tcp"}}{{end}}' $c
        m rm $c >/dev/null
        """, "true [{127.0.0.1 4711}]"),
      ScriptFact(
        "system df --verbose", "m system df --verbose | grep -c 'space usage:'", "3"),
      ScriptFact(
        "system connection ls, --module",
        """
        m system connection ls; m system connection ls --format json
        mkdir -p conf/containers/containers.conf.modules; touch conf/containers/containers.conf.modules/b
        touch conf/containers/containers.conf.modules/a
        XDG_CONFIG_HOME=$PWD/conf m __completeNoDesc --module ''
        m __completeNoDesc ren
        """, "[]\na\nb\n:file\nrename\n:none"),
      ScriptFact(
        "privileged containers have the machine's devices",
        """
        run --rm --privileged $IMAGE find /dev -type c -o -type b | grep -cE '/(console|tty[0-9]+)$'
        for d in $(ls /dev); do
          if test -c /dev/$d || test -b /dev/$d; then echo /dev/$d; fi
        done | grep -vE '/tty[0-9]+$|/console$|/ptmx$' | sort > ours
        run --rm --privileged $IMAGE sh -c 'for d in /dev/*; do
          if test -c $d || test -b $d; then echo $d; fi; done' | sort | diff ours - | grep '^<'
        run --rm --privileged -v /dev:/dev $IMAGE echo fine
        """, "0\nfine"),
      ScriptFact(
        "what stands before a command",
        """
        m --cgroup-manager cgroupfs --config $PWD --log-level error --root $PWD/root \
          --runroot $PWD/run --storage-driver vfs --runtime martlet-oci --out text ps -q; cat text
        for o in --remote --url=x --connection=x --host=x --context=x --hooks-dir=x --imagestore=x \
          --network-config-dir=x --storage-opt=x --transient-store --volumepath=x; do
          m $o ps 2>&1 | grep -c 'not supported: '
        done | sort | uniq -c | tr -s ' '
        m --tmpdir $PWD/held info --format '{{.Store.RunRoot}}' | grep -c "^$PWD/held"
        """, " 11 1\n1"),
    ]

    @Test(arguments: rows.indices) func doesWhatItsOptionsSay(_ index: Int) throws {
      let row = Self.rows[index]
      try Session.run { session in
        let result = try row.run(in: session)
        #expect(result.output == row.output, "\(row.name): \(result.transcript)")
      }
    }
  }
}
