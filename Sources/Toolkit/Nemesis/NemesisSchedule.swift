import Randomness

/// What shall be done to the cluster during a run, as data: it follows from the seed, is printed,
/// and lies in the bundle. Targets are symbolic; they become replicas at injection.
public struct NemesisSchedule: Hashable, Sendable {
    public enum Fault: String, Hashable, Sendable, CaseIterable {
        /// Kill the primary, start it again.
        case crashPrimary = "crash-primary"
        /// Kill one backup, start it again.
        case crashBackup = "crash-backup"
        /// Kill both backups: the primary loses its majority.
        case crashBackups = "crash-backups"
        /// Kill the primary, make a backup the primary of a new view, let the old one come back.
        case takeOver = "take-over"
    }

    public struct Round: Hashable, Sendable {
        /// Undisturbed time before the fault.
        public var pause: Duration
        public var fault: Fault
        /// How long the target stays down.
        public var downtime: Duration
        /// Decides which backup is meant, where one is.
        public var pick: UInt64

        public init(pause: Duration, fault: Fault, downtime: Duration, pick: UInt64) {
            self.pause = pause
            self.fault = fault
            self.downtime = downtime
            self.pick = pick
        }
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

    /// Rounds of crashes that fill `window` if nothing else took time. Every kind of fault comes
    /// once in each run of four, in a shuffled order, so that also a short run meets them all.
    public static func crashRestart(seed: UInt64, window: Duration) -> NemesisSchedule {
        var random = SeededRandom(seed: seed, stream: 0x6e65_6d65)
        var rounds: [Round] = []
        var planned = Duration.zero
        while planned < window, rounds.count < mostRounds {
            var faults = Fault.allCases
            for index in stride(from: faults.count - 1, to: 0, by: -1) {
                faults.swapAt(index, random.index(below: index + 1))
            }
            for fault in faults {
                let round = Round(
                    pause: .milliseconds(Int64(random.number(in: 400...2500))), fault: fault,
                    downtime: .milliseconds(Int64(random.number(in: 100...2000))),
                    pick: random.next())
                rounds.append(round)
                planned += round.pause + round.downtime
            }
        }
        return NemesisSchedule(seed: seed, rounds: rounds)
    }

    /// One line per round.
    public var text: String {
        var lines = ["version=1 seed=\(seed) rounds=\(rounds.count)"]
        for (index, round) in rounds.enumerated() {
            lines.append(
                "round=\(index + 1) pause_millis=\(round.pause.milliseconds) "
                    + "fault=\(round.fault.rawValue) "
                    + "downtime_millis=\(round.downtime.milliseconds) pick=\(round.pick)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
