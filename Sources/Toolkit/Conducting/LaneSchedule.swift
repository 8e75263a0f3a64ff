/// Decides which run goes to which lane, when: told what happened, it says what to do, and does
/// nothing itself.
///
/// Control runs go first, as a smoke pass: no run with faults begins before the last of them has
/// ended, since a cluster that fails undisturbed has nothing to show under faults. Within each of
/// the two parts the runs go in their order, each to the lane that asks first.
public struct LaneSchedule: Sendable {
    public enum Decision: Hashable, Sendable {
        /// Carry out the run of that index.
        case begin(Int)
        /// Nothing now; ask again when another lane's run has ended.
        case wait
        /// Nothing more for this lane.
        case leave
    }

    private enum State: Sendable, Hashable {
        case waiting
        case running
        case ended
    }

    private let controls: [Bool]
    private var states: [State]
    private let failFast: Bool
    /// Why no further run begins, once that is so.
    public private(set) var isStopped = false

    /// `finished` are the indexes of runs that need not be carried out any more.
    public init(_ requests: [RunRequest], finished: Set<Int> = [], failFast: Bool = false) {
        controls = requests.map(\.isControl)
        states = requests.indices.map { finished.contains($0) ? .ended : .waiting }
        self.failFast = failFast
    }

    /// A lane is free.
    public mutating func laneIsFree() -> Decision {
        guard !isStopped else { return .leave }
        let isSmokePassDone = zip(controls, states).allSatisfy { !$0.0 || $0.1 == .ended }
        let next = states.indices.first { index in
            states[index] == .waiting && (isSmokePassDone || controls[index])
        }
        if let next {
            states[next] = .running
            return .begin(next)
        }
        return states.contains(.waiting) ? .wait : .leave
    }

    /// A run has ended. `isGood` is false when it is blocked or nobody can say.
    public mutating func ended(_ index: Int, isGood: Bool) {
        states[index] = .ended
        if failFast, !isGood { isStopped = true }
    }

    /// No further run shall begin.
    public mutating func stop() { isStopped = true }

    public var running: Int { states.count { $0 == .running } }
}
