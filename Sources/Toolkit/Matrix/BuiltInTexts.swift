// Written by scripts/embed-matrices from matrices/*.yaml; edit those.

extension MatrixFile {
    static let builtInTexts: [String: String] = [
        "lease-safety": #"""
        # Bundles, fenced holders, revoke and reclaim. No release waits for these runs.
        matrix: lease-safety
        description: The two supplementary runs of lease safety, with their full windows
        runs:
          - run: supplementary

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
        "smoke": #"""
        # Does everything work at all? All seventeen runs, 20 seconds each.
        matrix: smoke
        description: All seventeen runs with windows of 20 seconds
        defaults:
          window: 20
        runs:
          - run: all

        """#,
    ]
}
