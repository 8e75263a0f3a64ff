import Foundation
import LeaseKernel
import Replication
import Testing

@Suite("Takeover under random schedules")
struct TakeoverScheduleTests {
    /// `TAKEOVER_SEED` replays one schedule, `TAKEOVER_SCHEDULES` sets their number.
    private static func seeds(_ usual: UInt64) -> ClosedRange<UInt64> {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["TAKEOVER_SEED"].flatMap(UInt64.init) { return seed...seed }
        let count = environment["TAKEOVER_SCHEDULES"].flatMap(UInt64.init) ?? usual
        return 1...max(count, 1)
    }

    @Test("no acknowledged write is ever lost, however replicas die and return")
    func nothingIsLost() throws {
        let seeds = Self.seeds(1000)
        var total = TakeoverSchedule.Statistics()
        for seed in seeds {
            var schedule = try TakeoverSchedule(seed: seed)
            do {
                try schedule.run(steps: 120)
            } catch let violation as TakeoverSchedule.Violation {
                Issue.record("\(violation)")
            }
            total.add(schedule.statistics)
        }
        print("takeover schedules: seeds \(seeds), \(total)")
        #expect(
            total.acknowledged > 0 && total.recommitted > 0 && total.rejoins > 0
                && total.interrupted > 0)
    }

    @Test("the schedules notice a takeover that drops what is only prepared")
    func weakerRuleIsNoticed() throws {
        // As the reference's rule does (cluster-runner.md 11.2, 11.5).
        let found = try firstViolation { seed in
            try TakeoverSchedule(seed: seed) { schedule, members, leader in
                let surveys = try members.map { id in
                    var contents = try schedule.survey(id).contents
                    contents.prepared.removeAll()
                    return try ReplicaSurvey(contents, configuration: TakeoverSchedule.kernel)
                }
                return try TakeoverPlan(surveys, clusterSize: 3, primary: ReplicaID(leader))
            }
        }
        print("takeover without the prepared suffix: \(found)")
    }

    @Test(
        "the schedules notice a takeover that leaves out a stage",
        arguments: [
            ([.commit], 520), ([.adopt, .commit], 210), ([.vote, .commit], 250),
        ] as [([TakeoverStage], UInt64)])
    func missingStageIsNoticed(_ stages: [TakeoverStage], from seed: UInt64) throws {
        // Begins shortly before a seed that is known to show it.
        let found = try firstViolation(from: seed) {
            try TakeoverSchedule(seed: $0, stages: stages)
        }
        print("takeover with the stages \(stages): \(found)")
    }

    private func firstViolation(
        from first: UInt64 = 1, _ make: (UInt64) throws -> TakeoverSchedule
    ) throws -> TakeoverSchedule.Violation {
        for seed in first...first + 20_000 {
            var schedule = try make(seed)
            do {
                try schedule.run(steps: 120)
            } catch let violation as TakeoverSchedule.Violation {
                return violation
            }
        }
        throw NothingFound()
    }

    private struct NothingFound: Error {}
}

extension TakeoverSchedule.Statistics {
    mutating func add(_ other: Self) {
        acknowledged += other.acknowledged
        kills += other.kills
        takeovers += other.takeovers
        interrupted += other.interrupted
        recommitted += other.recommitted
        rejoins += other.rejoins
        starts += other.starts
        startsFaulted += other.startsFaulted
    }
}
