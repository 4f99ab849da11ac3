import FoundationEssentials
import TestSupport
import Testing

extension SystemTests {
  /// What scripts written for podman rely on, each as a shell script and what it prints.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "facts of Martlet alone"))
  struct PodmanHabitTests {
    static let facts = [
      ScriptFact(
        "run --rmi takes the image along",
        """
        c=$(m create --network none $IMAGE /bin/true); m commit -q $c localhost/own:1 >/dev/null
        m rm $c >/dev/null
        run --rmi localhost/own:1 /bin/true; m image exists localhost/own:1; echo $?
        """, "1"),
      ScriptFact(
        "run -d --rmi takes it along by the time that stop is done",
        """
        c=$(m create --network none $IMAGE /bin/true); m commit -q $c localhost/own:1 >/dev/null
        m rm $c >/dev/null
        run -d --rmi --name own localhost/own:1 sleep 100 >/dev/null
        m inspect --format '{{.HostConfig.AutoRemove}} {{.HostConfig.AutoRemoveImage}}' own
        m stop -t 0 own; m image exists localhost/own:1; echo $?
        """, "true true\nown\n1"),
      ScriptFact(
        "run --rmi says who else uses the image",
        """
        c=$(m create --network none $IMAGE /bin/true); m commit -q $c localhost/own:1 >/dev/null
        u=$(m create --network none localhost/own:1 /bin/true)
        run --rmi localhost/own:1 /bin/true 2>&1 | grep -c 'image is in use by a container'
        m rm $c $u >/dev/null; m rmi localhost/own:1 >/dev/null
        """, "1"),
      ScriptFact(
        "run --rmi --rm=false is refused", "run --rmi --rm=false $IMAGE /bin/true 2>&1; echo $?",
        "Error: the --rmi option does not work without --rm\n125"),
      ScriptFact(
        "commands that are not there are not unknown",
        "for c in pod 'network ls' build 'system service'; do m $c 2>&1 | head -1; done",
        """
        Error: "martlet pod" is not supported
        Error: "martlet network" is not supported
        Error: "martlet build" is not supported
        Error: "martlet system service" is not supported
        """),
      ScriptFact(
        "--events-backend none writes no events, and reads none",
        """
        t=$(date +%s.%N); m --events-backend none run -d --rm --network none --name quiet $IMAGE \\
          sleep 100 >/dev/null; m --events-backend none stop -t 0 quiet
        m events --since $t --stream=false --filter container=quiet
        m --events-backend none events 2>&1; echo $?
        """, "quiet\nError: cannot read events with the \"none\" backend\n125"),
      ScriptFact(
        "--default-mounts-file mounts what is there",
        """
        mkdir given; echo content > given/file
        printf '# words\\n/nowhere\\n%s:/run/given\\n' "$PWD/given" > mounts.conf
        run --rm --default-mounts-file mounts.conf $IMAGE cat /run/given/file
        run --rm --default-mounts-file missing $IMAGE echo fine
        """, "content\nfine"),
      ScriptFact(
        "--read-only-tmpfs=false leaves /dev no room either",
        """
        run --rm --read-only --read-only-tmpfs=false $IMAGE \\
          sh -c 'for f in /dev/c /dev/shm/d /run/e; do touch $f 2>/dev/null || echo $f; done'
        run --rm --read-only $IMAGE sh -c 'touch /dev/c /dev/shm/d /run/e && echo room'
        """, "/dev/c\n/dev/shm/d\n/run/e\nroom"),
      ScriptFact(
        "a level of logs that there is none of ends with 1",
        """
        m --log-level loud version 2>&1 | cut -c1-35; m --log-level loud version 2>/dev/null; echo $?
        m --debug --log-level info version 2>&1; echo $?
        m -D version 2>&1 >/dev/null | grep -c 'level=debug msg="command line"'
        """,
        """
        Log Level "loud" is not supported,
        1
        Setting --log-level and --debug is not allowed
        1
        1
        """),
      ScriptFact(
        "a check that was taken away is NONE",
        """
        c=$(m create --network none --health-cmd true --health-startup-cmd true $IMAGE /bin/true)
        m update --no-healthcheck $c >/dev/null
        m inspect --format '{{.Config.Healthcheck.Test}} {{.Config.StartupHealthCheck}}' $c
        m rm $c >/dev/null
        """, "[NONE] <nil>"),
      ScriptFact(
        "top takes the columns of ps with blanks between",
        """
        run -d --rm --name topped $IMAGE sleep 100 >/dev/null
        m top topped -eo 'pid comm'; m stop -t 0 topped >/dev/null
        """, "PID  COMMAND\n1    sleep"),
      ScriptFact(
        "run -it without a terminal says so",
        "run --rm -it $IMAGE true </dev/null 2>&1 | grep -c 'The input device is not a TTY'", "1"),
      ScriptFact(
        "cp calls a file as it was called",
        """
        c=$(m create --network none $IMAGE /bin/true); m cp $c:none . 2>&1 | cut -d' ' -f1-9
        m rm $c >/dev/null
        """, "Error: \"none\" could not be found on container CONTAINER:"),
      ScriptFact(
        "an image that cannot be had is an event",
        """
        t=$(date +%s.%N); m pull -q --retry 0 127.0.0.1:1/none >/dev/null 2>&1
        m events --since $t --stream=false --format '{{.Status}} {{.Name}} {{.ID}}'
        """, "pull-error 127.0.0.1:1/none"),
      ScriptFact(
        "a directory that is not there cannot be mounted, and is not made",
        "run --rm --mount type=bind,src=/none/there,dst=/x $IMAGE true 2>&1; ls /none 2>&1",
        "Error: statfs /none/there: no such file or directory\n"
          + "ls: cannot access '/none': No such file or directory"),
      ScriptFact(
        "untag leaves a tag that is named with its digest",
        """
        m untag $IMAGE $IMAGE@$(m image inspect --format '{{.Digest}}' $IMAGE)
        m image exists $IMAGE; echo $?
        """, "0"),
      ScriptFact(
        "a runtime gets the options that are given for it",
        """
        m --runtime-flag none run --rm --network none $IMAGE /bin/true 2>&1 \
          | grep -c 'unknown flag: --none'
        """, "1"),
      ScriptFact(
        "a runtime has the program that containers.conf names",
        """
        printf '[engine]\\nruntime = "mine"\\n[engine.runtimes]\\nmine = ["/none", "%s"]\\n' \\
          "$(m info --format '{{.Host.OCIRuntime.Path}}')" > mine.conf
        CONTAINERS_CONF_OVERRIDE=$PWD/mine.conf run --rm $IMAGE echo runs
        CONTAINERS_CONF_OVERRIDE=$PWD/mine.conf m --runtime mine run --rm --network none $IMAGE \\
          echo runs
        """, "runs\nruns"),
      ScriptFact(
        "containers.conf cannot mount what there is not",
        """
        printf '[containers]\\nmounts = ["type=none,dst=/x"]\\n' > bad.conf
        CONTAINERS_CONF_OVERRIDE=$PWD/bad.conf run --rm $IMAGE true 2>&1
        """, "Error: parsing containers.conf mounts: invalid filesystem type \"none\""),
      ScriptFact(
        "events_logger of containers.conf says where events go, also those of the monitor",
        """
        printf '[engine]\nevents_logger = "none"\n' > none.conf
        export CONTAINERS_CONF_OVERRIDE=$PWD/none.conf
        run --rm --name untold $IMAGE true; m events --stream=false 2>&1
        m info --format '{{.Host.EventLogger}}'
        printf '[engine]\nevents_logger = "moon"\n' > none.conf; m events --stream=false 2>&1 | head -1
        unset CONTAINERS_CONF_OVERRIDE
        m events --stream=false --since 1h --filter container=untold
        """,
        """
        Error: cannot read events with the "none" backend
        none
        Error: events backend "moon" is not known
        """),
      ScriptFact(
        "results of health checks go to the event log when asked to",
        """
        run -d --name told --health-cmd 'echo well' --health-interval disable \
          --health-log-destination events_logger $IMAGE sleep 100 >/dev/null
        m healthcheck run told; m healthcheck run told
        m inspect --format '{{.Config.HealthLogDestination}}' told; m rm -f -t 0 told >/dev/null
        m events --stream=false --since 1h --filter container=told --filter event=health_status \
          --format '{{.HealthLog}}' | grep -c '"ExitCode":0,"Output":"well'
        """, "events_logger\n2"),
      ScriptFact(
        "exec is privileged when containers.conf says so",
        """
        run -d --name right $IMAGE sleep 100 >/dev/null
        printf '[containers]\nprivileged = true\n' > all.conf
        m exec right grep -c CapBnd.*fffffffff /proc/self/status
        CONTAINERS_CONF_OVERRIDE=$PWD/all.conf m exec right grep -c CapBnd.*fffffffff /proc/self/status
        m rm -f -t 0 right >/dev/null
        """, "0\n1"),
      ScriptFact(
        "run takes an image from an archive",
        """
        c=$(m create --network none $IMAGE true); m commit -q $c localhost/from:1 >/dev/null
        m rm $c >/dev/null; m save -q -o own.tar localhost/from:1; m rmi localhost/from:1 >/dev/null
        run --rm docker-archive:own.tar echo here; m image exists localhost/from:1; echo $?
        m rmi localhost/from:1 >/dev/null; run --rm oci-archive:none.tar echo here 2>/dev/null; echo $?
        """, "here\n0\n125"),
      ScriptFact(
        "cp tells what has the name",
        """
        c=$(m create --network none $IMAGE true); mkdir -p tree/etc; echo x > tree/etc/hosts.d
        m cp tree/etc/hosts.d $c:/etc/; mkdir -p other/hosts.d
        m cp other/hosts.d $c:/etc 2>&1 | grep -c 'error creating "/etc/hosts.d": .*: file exists'
        m rm $c >/dev/null
        """, "1"),
    ]

    @Test func habitsHold() throws {
      try Session.run { session in
        for fact in Self.facts {
          let result = try fact.run(in: session)
          let output = result.output.split(separator: "\n").map { line in
            // Ids are different every time, and columns may have blanks at their end.
            line.trimmingBlanks.replacing(/container [0-9a-f]{64}/, with: "container CONTAINER")
          }
          #expect(
            output.joined(separator: "\n") == fact.output, "\(fact.name): \(result.transcript)")
        }
      }
    }

    /// The container's own description of a zone, where it has one, rather than a copy of the host's.
    @Test(
      .enabled(
        if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"),
        "zones are not installed"))
    func aZoneOfTheImageIsLinked() throws {
      try Session.run { session in
        let result = try session.shell(
          """
          set -e
          mkdir -p zone/usr/share/zoneinfo/Europe
          cp -L /usr/share/zoneinfo/Europe/Berlin zone/usr/share/zoneinfo/Europe/
          c=$("$MARTLET" create --network none --tz Europe/Berlin \(Session.image) \\
            readlink /etc/localtime)
          "$MARTLET" cp zone/. $c:/
          "$MARTLET" start -a $c
          "$MARTLET" rm $c >/dev/null
          "$MARTLET" run --rm --network none --tz Europe/Berlin \(Session.image) \\
            sh -c 'readlink /etc/localtime || echo a file'
          """)
        #expect(result.output == "../usr/share/zoneinfo/Europe/Berlin\na file")
      }
    }
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String { String(reversed().drop { $0 == " " }.reversed()) }
}
