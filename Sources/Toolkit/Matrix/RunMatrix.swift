/// The runs that together judge a release, always in this order (validation.md 1.4).
public enum RunMatrix {
    /// The fifteen runs that a release waits for.
    public static let releaseGate: [RunDescriptor] = {
        let everywhere: [WorkloadFamily] = [
            .reservationContention, .ambiguousWriteRetry, .failoverReadFences,
            .expirationAndRecovery,
        ]
        var runs: [RunDescriptor] = []
        for workload in everywhere {
            for nemesis in [NemesisFamily.none, .crashRestart, .partitionHeal] {
                runs.append(RunDescriptor(workload, nemesis, isReleaseBlocking: true))
            }
        }
        for workload in everywhere.dropFirst() {
            runs.append(RunDescriptor(workload, .mixedFailover, isReleaseBlocking: true))
        }
        return runs
    }()

    /// Runs that are evidence, but that no release waits for.
    public static let supplementary: [RunDescriptor] = [
        RunDescriptor(.leaseSafety, .none, isReleaseBlocking: false),
        RunDescriptor(.leaseSafety, .crashRestart, isReleaseBlocking: false),
    ]

    /// All seventeen.
    public static let all = releaseGate + supplementary

    /// The run of that id, or nil when the matrix has none.
    public static func run(id: String) -> RunDescriptor? { all.first { $0.id == id } }
}
