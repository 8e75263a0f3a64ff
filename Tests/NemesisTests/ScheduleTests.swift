import Foundation
import TestSupport
import Testbed
import Testing

@testable import Nemesis

@Suite struct ScheduleTests {
    typealias Family = @Sendable (UInt64, Duration) -> NemesisSchedule

    static let families: [(name: String, make: Family)] = [
        ("crash_restart", { NemesisSchedule.crashRestart(seed: $0, window: $1) }),
        ("partition_heal", { NemesisSchedule.partitionHeal(seed: $0, window: $1) }),
        ("mixed_failover", { NemesisSchedule.mixedFailover(seed: $0, window: $1) }),
        ("all faults", { NemesisSchedule.of(FaultVocabulary.all, seed: $0, window: $1) }),
    ]

    @Test("a schedule follows from its seed and fills its window", arguments: families.indices)
    func deterministic(index: Int) {
        let make = Self.families[index].make
        let one = make(5, .seconds(60))
        #expect(one == make(5, .seconds(60)))
        #expect(one != make(6, .seconds(60)))
        #expect(one.rounds.reduce(0) { $0 + $1.planned } >= 60_000)
        #expect(Set(one.rounds.map(\.pause)).count > 1)
    }

    @Test("what a seed meant yesterday it means today")
    func golden() throws {
        let texts = Self.families.dropLast().map { "# \($0.name)\n" + $0.make(5, .seconds(1)).text }
        try Snapshot.expect(texts.joined(separator: "\n"), matches: "schedules.txt")
    }

    @Test("every round of a family comes in each pass through them", arguments: UInt64(0)..<20)
    func variety(seed: UInt64) {
        let schedule = NemesisSchedule.crashRestart(seed: seed, window: .seconds(30))
        #expect(schedule.rounds.count.isMultiple(of: 5))
        for start in stride(from: 0, to: schedule.rounds.count, by: 5) {
            let shapes = schedule.rounds[start..<start + 5].map { round in
                round.steps.map { "\($0.kind) \($0.target.rawValue)" }.joined()
            }
            let usual = ["crash primary", "crash backup", "crash backups", "take-over backup"]
            #expect(Set(usual).isSubset(of: shapes))
        }
    }

    @Test("a window of days stays within the bound")
    func bounded() {
        let schedule = NemesisSchedule.crashRestart(seed: 1, window: .seconds(30 * 86_400))
        #expect(schedule.rounds.count <= NemesisSchedule.mostRounds)
    }

    @Test("a schedule's text is read back as the same schedule", arguments: families.indices)
    func roundTrip(index: Int) throws {
        for seed in UInt64(0)..<10 {
            let schedule = Self.families[index].make(seed, .seconds(120))
            #expect(try NemesisSchedule(text: schedule.text) == schedule)
        }
        let empty = NemesisSchedule.none(seed: 3)
        #expect(try NemesisSchedule(text: "# by hand\n\n" + empty.text) == empty)
    }

    static let header = "version=2 seed=9 rounds=1\n"
    static let round = "round=1 pause_millis=400 pick=3 faults=1\n"
    static let step = "fault=crash target=backup at_millis=0 hold_millis=1500\n"

    static let bad: [(text: String, line: Int?, reason: String)] = [
        ("", nil, "it ends where a line with `version=` should follow"),
        ("hello\n", 1, "`hello` is no name=value"),
        ("version=1 seed=9 rounds=0\n", 1, "only version 2 can be read"),
        ("version=2 seed=9\n", 1, "here version= seed= rounds= should stand"),
        (header, nil, "it ends where a line with `round=` should follow"),
        (header + round, nil, "it ends where a line with `fault=` should follow"),
        (header + round + step + step, 4, "the header announces 1 rounds, this is more"),
        (header + "round=2 pause_millis=1 pick=1 faults=1\n", 2, "it should be 1"),
        (header + "round=1 pause_millis=-1 pick=1 faults=1\n", 2, "from 0 to 86400000"),
        (header + "round=1 pause_millis=1 pick=1 faults=17\n", 2, "from 1 to 16"),
        (
            header + round + "fault=flood target=backup at_millis=0 hold_millis=1\n", 3,
            "there is no fault `flood`; there are crash"
        ),
        (
            header + round + "fault=take-over target=all at_millis=0 hold_millis=1\n", 3,
            "cannot have the target `all`"
        ),
        (
            header + round + "fault=crash target=all at_millis=0 hold_millis=1 loss=3\n", 3,
            "has no parameter `loss`"
        ),
    ]

    @Test("a damaged text is refused with the line and the reason", arguments: bad.indices)
    func damaged(index: Int) {
        let (text, line, reason) = Self.bad[index]
        let error = #expect(throws: ScheduleError.self) { try NemesisSchedule(text: text) }
        #expect(error?.line == line)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "none")")
    }

    @Test("every end of a text that is cut off is refused")
    func truncated() {
        let text = NemesisSchedule.crashRestart(seed: 1, window: .seconds(5)).text
        let lines = text.split(separator: "\n")
        for count in lines.indices {
            let part = lines[..<count].joined(separator: "\n")
            #expect(throws: ScheduleError.self) { try NemesisSchedule(text: part) }
        }
    }

    @Test("in mixed rounds the takeover comes when the other faults have done their part")
    func mixed() {
        let schedule = NemesisSchedule.mixedFailover(seed: 4, window: .seconds(300))
        for round in schedule.rounds {
            for step in round.steps where step.kind == FaultKind("take-over") {
                let isolation = round.steps.first { $0.kind == FaultKind("isolate") }
                let crash = round.steps.first { $0.kind == FaultKind("crash") }
                #expect(isolation.map { $0.at + $0.hold <= step.at } == true)
                #expect(crash.map { $0.at < step.at } == true)
                #expect(crash.map { $0.at + $0.hold == step.at + step.hold } == true)
            }
        }
    }

    @Test("docs/reference/faults.md is written from the descriptions")
    func reference() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        try Snapshot.expect(
            FaultReference.markdown, matches: root.appending(path: "docs/reference/faults.md"))
    }

    @Test("what ends at a moment comes before what begins, newest first")
    func moments() {
        let round = NemesisSchedule.Round(
            pause: 0, pick: 0,
            steps: [
                .init(FaultKind("a"), .backup, at: 0, hold: 10),
                .init(FaultKind("b"), .backup, at: 0, hold: 10),
                .init(FaultKind("c"), .backup, at: 10, hold: 0),
                .init(FaultKind("d"), .backup, at: 5, hold: 20),
                .init(FaultKind("e"), .backup, at: 10, hold: 1),
            ])
        #expect(
            RoundPlan.moments(of: round).map(\.deed) == [
                .inject(0), .inject(1), .inject(3), .undo(1), .undo(0), .inject(2), .undo(2),
                .inject(4), .undo(4), .undo(3),
            ])
    }

    @Test("a schedule that needs more than the testbed has is refused by name")
    func refused() {
        let schedule = NemesisSchedule.crashRestart(seed: 1, window: .seconds(5))
        #expect(schedule.refusals(on: "local", with: TestbedKind.local.capabilities) == [])
        #expect(
            schedule.refusals(on: "ssh", with: [.crash]) == [
                "fault `take-over` needs offline-surgery, which testbed ssh does not offer; it can "
                    + "be injected on local, namespaces, ssh"
            ])
    }

    @Test("each kind has a name of its own, a target, and usual values that it allows")
    func vocabulary() {
        #expect(Set(FaultVocabulary.names).count == FaultVocabulary.all.count)
        for fault in FaultVocabulary.all {
            #expect(!fault.targets.isEmpty && !fault.needs.isEmpty, "\(fault.kind)")
            for parameter in fault.parameters {
                #expect(parameter.allowed.contains(parameter.usual.lowerBound))
                #expect(parameter.allowed.contains(parameter.usual.upperBound))
            }
        }
    }
}
