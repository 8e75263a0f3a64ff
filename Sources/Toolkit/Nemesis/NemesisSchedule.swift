/// What shall be done to the cluster during a run, as data: it follows from the seed, is printed,
/// lies in the bundle, and can be played again. Targets are symbolic; they become replicas when a
/// round begins.
public struct NemesisSchedule: Hashable, Sendable {
    /// One fault of a round.
    public struct Step: Hashable, Sendable {
        public var kind: FaultKind
        public var target: FaultTarget
        /// When it is injected, in milliseconds after the round began. The round's clock stands
        /// still while something is injected or undone, so the order of all that happens in a
        /// round is always the planned one.
        public var at: UInt64
        /// How long it lasts, in milliseconds.
        public var hold: UInt64
        public var parameters: [String: UInt64]

        public init(
            _ kind: FaultKind, _ target: FaultTarget, at: UInt64 = 0, hold: UInt64,
            parameters: [String: UInt64] = [:]
        ) {
            self.kind = kind
            self.target = target
            self.at = at
            self.hold = hold
            self.parameters = parameters
        }

        var end: UInt64 { at + hold }
    }

    /// Faults that may overlap, between two moments at which the cluster is whole.
    public struct Round: Hashable, Sendable {
        /// Undisturbed time before the round, in milliseconds.
        public var pause: UInt64
        /// Decides which backup is meant, where one is, and all choices inside faults.
        public var pick: UInt64
        public var steps: [Step]

        public init(pause: UInt64, pick: UInt64, steps: [Step]) {
            self.pause = pause
            self.pick = pick
            self.steps = steps
        }

        /// Milliseconds from the pause's begin to the last undo, if nothing else took time.
        public var planned: UInt64 { pause + (steps.map(\.end).max() ?? 0) }
    }

    public let seed: UInt64
    public let rounds: [Round]

    public init(seed: UInt64, rounds: [Round]) {
        self.seed = seed
        self.rounds = rounds
    }

    /// Nothing is done.
    public static func none(seed: UInt64) -> NemesisSchedule {
        NemesisSchedule(seed: seed, rounds: [])
    }

    /// Longest schedule, in rounds. At two seconds or more a round this is over a day.
    public static let mostRounds = 50_000
    /// Most faults of one round.
    public static let mostSteps = 16
    /// Longest pause, delay or duration, in milliseconds: a day.
    public static let longestMillis: UInt64 = 86_400_000

    public var stepCount: Int { rounds.reduce(0) { $0 + $1.steps.count } }
}
