import ClusterProtocol

/// The program that does on a machine what is done to its replica: a script for any POSIX shell
/// with the usual small programs, BusyBox among them. It lies in the replica's folder there, is
/// called as `sh lane.sh VERB ...`, and answers in lines `key=value`.
///
/// Everything that must be undone is undone there, too: a fault ends when its lease is over, and
/// when nobody has given a sign of life for the time that was agreed on (`claim`), faults are
/// undone and the daemon is killed, whatever became of the tool and of the way to the machine.
enum LaneScript {
    static let name = "lane.sh"

    /// What a machine says of itself, in a shell in which `folder` is set; nothing is made there.
    static let facts = #"""
        while ! test -d "$folder"; do folder=$(dirname "$folder"); done
        echo "clock=$(date +%s)"
        echo "free_kib=$(df -Pk "$folder" | tail -n 1 | awk '{ print $4 }')"
        echo "machine=$(uname -m)"
        echo "user=$(id -un)"
        """#

    static let text = #"""
        #!/bin/sh
        # What is done to the replica of this folder; see LaneScript in allocdb-jepsen.
        set -u
        cd "$(dirname "$0")" || exit 90
        verb=$1
        shift

        fields() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null; }
        started_at() { fields "$1" | cut -d ' ' -f 20; }
        state_of() { fields "$1" | cut -d ' ' -f 1; }
        moment() { sleep 0.02; }

        # Whether the process that a file names (number and start time) still runs; sets pid.
        runs() {
          [ -f "$1" ] || return 1
          read -r pid since <"$1" || return 1
          [ -n "$since" ] && [ "$(started_at "$pid")" = "$since" ] && [ "$(state_of "$pid")" != Z ]
        }
        daemon() { runs run/daemon; }

        report() {
          if daemon; then
            echo "daemon=running"
            echo "pid=$pid"
            echo "process_state=$(state_of "$pid")"
          elif [ -f run/daemon ]; then
            n=0
            while [ ! -f run/ended ] && [ $n -lt 100 ]; do
              n=$((n + 1))
              moment
            done
            echo "daemon=ended"
            if [ -f run/abandoned ]; then
              echo "status=abandoned"
            else
              echo "status=$(cat run/ended 2>/dev/null || echo unknown)"
            fi
          else
            echo "daemon=none"
          fi
        }

        # Does VERB after SECONDS unless the lease KEY is given back or taken anew before.
        arm() {
          token=$(cat /proc/sys/kernel/random/uuid)
          echo "$token" >"run/lease-$1"
          setsid sh -c '
            n=0
            while [ "$(cat "run/lease-$1" 2>/dev/null)" = "$3" ]; do
              [ $n -ge "$2" ] && exec sh ./lane.sh "$4"
              n=$((n + 1))
              sleep 1
            done' lease "$1" "$2" "$token" "$3" </dev/null >/dev/null 2>&1 &
        }
        disarm() { rm -f "run/lease-$1"; }

        # A replica's folder that was on its way out when the machine or the tool stopped comes back.
        settle() {
          for old in replica-*.old; do
            [ -d "$old" ] || continue
            if [ -d "${old%.old}" ]; then rm -rf "$old"; else mv "$old" "${old%.old}"; fi
          done
        }

        put_faults() { mv -f run/faults.new CLUSTER_FAULTS; }

        end_daemon() {
          daemon || return 0
          kill -"$1" "$pid" 2>/dev/null
          n=0
          while daemon && [ $n -lt "$2" ]; do
            n=$((n + 1))
            moment
          done
          while daemon; do
            kill -KILL "$pid" 2>/dev/null
            moment
          done
        }

        case $verb in
        start)
          if ! daemon; then
            settle
            rm -f run/ended run/daemon run/abandoned
            setsid sh -c '
              log=$1
              shift
              "$@" </dev/null >>"$log" 2>&1 &
              pid=$!
              since=$(sed "s/^.*) //" "/proc/$pid/stat" | cut -d " " -f 20)
              echo "$pid $since" >run/daemon.new
              mv -f run/daemon.new run/daemon
              wait "$pid"
              echo $? >run/ended.new
              mv -f run/ended.new run/ended' supervisor "$@" </dev/null >/dev/null 2>&1 &
            n=0
            while [ ! -f run/daemon ] && [ $n -lt 500 ]; do
              n=$((n + 1))
              moment
            done
          fi
          report
          ;;
        report) report ;;
        # end SIGNAL FIFTIETHS: the signal first, and after so many fiftieths of a second KILL.
        end)
          if daemon; then echo "asked=yes"; else echo "asked=no"; fi
          end_daemon "$1" "$2"
          report
          ;;
        pause)
          arm pause "$1" proceed
          daemon && kill -STOP "$pid"
          report
          ;;
        proceed)
          disarm pause
          daemon && kill -CONT "$pid"
          report
          ;;
        # isolate SECONDS, with the content of the fault file as input.
        isolate)
          arm isolation "$1" heal
          cat >run/faults.new && put_faults
          echo "faults=written"
          ;;
        heal)
          disarm isolation
          cp run/healthy run/faults.new && put_faults
          echo "faults=written"
          ;;
        settle)
          settle
          echo "settled=yes"
          ;;
        # adopt NAME: what lies in NAME.new takes the place of NAME.
        adopt)
          settle
          sync
          if [ -d "$1" ]; then mv "$1" "$1.old"; fi
          mv "$1.new" "$1" && sync
          rm -rf "$1.old"
          echo "adopted=$1"
          ;;
        # claim TOKEN SECONDS: the folder is the caller's until it is silent for so long.
        claim)
          mkdir -p run logs
          if [ -f run/owner ] && [ "$(cat run/owner)" != "$1" ] && runs run/watcher; then
            echo "owner=$(cat run/owner)"
            exit 0
          fi
          echo "$1" >run/owner
          setsid sh -c '
            echo "$$ $(sed "s/^.*) //" "/proc/$$/stat" | cut -d " " -f 20)" >run/watcher
            quiet=0
            seen=none
            while [ "$(cat run/owner 2>/dev/null)" = "$1" ]; do
              beat=$(cat run/beat 2>/dev/null)
              if [ "$beat" = "$seen" ]; then quiet=$((quiet + 1)); else quiet=0; fi
              seen=$beat
              [ $quiet -ge "$2" ] && exec sh ./lane.sh abandon "$1"
              sleep 1
            done' watcher "$1" "$2" </dev/null >/dev/null 2>&1 &
          echo "owner=$1"
          ;;
        owner) echo "owner=$(cat run/owner 2>/dev/null || echo none)" ;;
        # beat TOKEN NUMBER: a sign of life.
        beat)
          [ "$(cat run/owner 2>/dev/null)" = "$1" ] && echo "$2" >run/beat
          echo "owner=$(cat run/owner 2>/dev/null || echo none)"
          ;;
        abandon)
          if [ "$(cat run/owner 2>/dev/null)" = "$1" ]; then
            rm -f run/lease-*
            daemon && : >run/abandoned
            end_daemon KILL 0
            [ -f run/healthy ] && cp run/healthy run/faults.new && put_faults
            rm -f run/owner
          fi
          echo "owner=none"
          ;;
        *)
          echo "unknown verb $verb" >&2
          exit 91
          ;;
        esac
        """#
        .replacing("CLUSTER_FAULTS", with: FaultState.fileName) + "\n"
}
