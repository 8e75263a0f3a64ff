// Written by scripts/embed-matrices from matrices/*.yaml; edit those.

extension MatrixFile {
    static let builtInTexts: [String: String] = [
        "clock": #"""
        # Clocks that are wrong, jump, run fast and drift: no promise may depend on them.
        matrix: clock
        description: Every clock fault, alone and with crashes and takeovers
        defaults:
          window: 60
        runs:
          - run: expiration_and_recovery-control
            window: 20
          - run: expiration_and_recovery-crash-restart
            faults: [clock-shift, clock-step, clock-fast, clock-drift]
          - run: failover_read_fences-mixed-failover
            faults: [clock-step, take-over, crash]
          - run: lease_safety-crash-restart
            faults: [clock-shift, clock-drift, crash]

        """#,
        "disk-faults": #"""
        # Disks that are full, report errors, stall, lose what was not synced, tear writes and flip bits.
        matrix: disk-faults
        description: Every disk fault, alone and with crashes and takeovers
        defaults:
          window: 60
        runs:
          - run: reservation_contention-control
            window: 20
          - run: reservation_contention-crash-restart
            faults: [disk-full, disk-write-error, disk-sync-error, disk-read-error]
          - run: ambiguous_write_retry-crash-restart
            faults: [disk-stall-write, disk-stall-sync, power-cut, torn-write]
          - run: expiration_and_recovery-crash-restart
            faults: [bit-flip-wal, bit-flip-snapshot, bit-flip-metadata, bit-flip-journal]
          - run: failover_read_fences-mixed-failover
            faults: [power-cut, take-over, crash]
          - run: lease_safety-crash-restart
            faults: [power-cut, disk-sync-error, rejoin]

        """#,
        "lease-safety": #"""
        # Bundles, fenced holders, revoke and reclaim. No release waits for these runs.
        matrix: lease-safety
        description: The two supplementary runs of lease safety, with their full windows
        runs:
          - run: supplementary

        """#,
        "packet-faults": #"""
        # Networks that lose, delay, repeat, reorder and damage packets, cut in every shape. Needs the
        # namespaces testbed.
        matrix: packet-faults
        description: Every fault by packet, alone and with crashes, on network namespaces
        defaults:
          testbed: namespaces
          window: 60
        runs:
          - run: reservation_contention-control
            window: 20
          - run: failover_read_fences-partition-heal
            faults: [split-halves, isolate-one, majority-ring, bridge, one-way]
          - run: ambiguous_write_retry-partition-heal
            faults: [packet-delay, packet-jitter, packet-loss, packet-duplicate, packet-reorder]
          - run: reservation_contention-partition-heal
            faults: [packet-corrupt, rate-limit, isolate-one]
          - run: expiration_and_recovery-mixed-failover
            faults: [crash, take-over, split-halves, packet-loss]
          - run: lease_safety-crash-restart
            faults: [crash, one-way, packet-delay, packet-reorder]

        """#,
        "release-gate": #"""
        # What a release waits for: fifteen runs, each with its full window of 30 minutes.
        # `run --matrix release-gate --fault-window 120` is the same in short: evidence that does
        # not count for the gate.
        matrix: release-gate
        description: The fifteen runs that a release waits for, with their full windows
        runs:
          - run: release-gate

        """#,
        "sensitivity": #"""
        # The runs that must find the bugs of the broken daemons (docs/reference/sensitivity.md), each
        # within a minute. A correct daemon passes them all.
        matrix: sensitivity
        description: Short runs, each of which finds certain bugs in daemons that are broken on purpose
        defaults:
          window: 20
        runs:
          - run: reservation_contention-control
            window: 5
          - run: ambiguous_write_retry-control
            window: 5
          - run: failover_read_fences-control
            window: 5
          - run: expiration_and_recovery-control
            window: 5
          - run: lease_safety-control
            window: 5
          - run: reservation_contention-crash-restart
            faults: [crash, take-over]
          - run: ambiguous_write_retry-crash-restart
            window: 12
          - run: expiration_and_recovery-crash-restart
          - run: expiration_and_recovery-mixed-failover
            faults: [crash, take-over]
          - run: ambiguous_write_retry-mixed-failover
            faults: [take-over]
          - run: reservation_contention-partition-heal
            faults: [stale-primary, frozen-primary]
            window: 15
          - run: failover_read_fences-partition-heal
            testbed: namespaces
            faults: [partitioned-primary]
            window: 15
          - run: lease_safety-crash-restart
            faults: [power-cut, torn-write]
            window: 15

        """#,
        "smoke": #"""
        # Does everything work at all? All seventeen runs, 20 seconds each.
        matrix: smoke
        description: All seventeen runs with windows of 20 seconds
        defaults:
          window: 20
        runs:
          - run: all

        """#,
        "soak": #"""
        # A lane can be used for days: pools are recycled, and nothing may grow without bound.
        matrix: soak
        description: Four hours of mixed faults for every workload, at a modest rate
        defaults:
          window: 14400
          rate: 150
        runs:
          - reservation_contention-crash-restart
          - ambiguous_write_retry-mixed-failover
          - failover_read_fences-mixed-failover
          - expiration_and_recovery-mixed-failover
          - lease_safety-crash-restart

        """#,
    ]
}
