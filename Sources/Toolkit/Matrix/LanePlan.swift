/// Which run goes to which lane, when, and how long the whole takes.
///
/// A lane is a cluster of its own that carries one run at a time. Control runs come first, as a
/// smoke pass: no run with faults begins before the last of them has ended, since a cluster that
/// fails undisturbed has nothing to show under faults. Within each of the two parts the runs go
/// in matrix order, each to the lane that is free first (the lowest number of several).
public struct LanePlan: Hashable, Sendable {
    public struct Assignment: Hashable, Sendable {
        public let run: RunDescriptor
        /// From 1.
        public let lane: Int
        /// From 1: runs of one wave are their lanes' n-th runs and go on side by side.
        public let wave: Int
        /// Expected begin and end, counted from the begin of the campaign.
        public let start: Duration
        public let end: Duration
    }

    public let laneCount: Int
    public let estimate: RunEstimate
    /// In the order of `runs`.
    public let assignments: [Assignment]

    public var waveCount: Int { assignments.map(\.wave).max() ?? 0 }

    /// Expected time on the wall clock for the whole.
    public var expectedDuration: Duration { assignments.map(\.end).max() ?? .zero }

    public init(
        runs: [RunDescriptor], laneCount: Int, estimate: RunEstimate = RunEstimate()
    ) {
        let lanes = max(laneCount, 1)
        self.laneCount = lanes
        self.estimate = estimate
        var free = [Duration](repeating: .zero, count: lanes)
        var waves = [Int](repeating: 0, count: lanes)
        var places = [Assignment?](repeating: nil, count: runs.count)
        for isControlPart in [true, false] {
            if !isControlPart {
                Self.wait(for: &free, &waves)
            }
            for (index, run) in runs.enumerated() where run.isControl == isControlPart {
                let lane = free.indices.min { (free[$0], $0) < (free[$1], $1) } ?? 0
                let start = free[lane]
                free[lane] = start + estimate.duration(of: run)
                waves[lane] += 1
                places[index] = Assignment(
                    run: run, lane: lane + 1, wave: waves[lane], start: start, end: free[lane])
            }
        }
        assignments = places.compactMap(\.self)
    }

    /// All lanes go on together from here.
    private static func wait(for free: inout [Duration], _ waves: inout [Int]) {
        let latest = free.max() ?? .zero
        let wave = waves.max() ?? 0
        for lane in free.indices {
            free[lane] = latest
            waves[lane] = wave
        }
    }
}

/// How long a run is expected to take: an estimate for planning, never a limit.
public struct RunEstimate: Hashable, Sendable {
    /// What a run needs besides its window: starting and verifying the cluster, healing, retrying
    /// what is ambiguous, the final reads, checking and bundling. A generous round number rather than
    /// a measurement: machines differ more than runs do.
    public static let overhead = Duration.seconds(30)

    /// How long a control run works when no window is given: it disturbs nothing, so that it shows
    /// soon whether the lane works at all.
    public static let controlWindow = Duration.seconds(10)

    /// The window asked for, for every run; nil means each run's minimum.
    public let faultWindow: Duration?

    public init(faultWindow: Duration? = nil) {
        self.faultWindow = faultWindow
    }

    public func duration(of run: RunDescriptor) -> Duration {
        (faultWindow ?? run.minimumFaultWindow ?? Self.controlWindow) + Self.overhead
    }
}
