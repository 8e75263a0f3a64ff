import FaultHarness
import History
import Nemesis
import Testbed
import Testing

@testable import Campaign

/// Faults on real daemons, by the nemesis and the surgeon of real runs.
@Suite(.serialized) struct EveryFaultTests {
    /// Every kind of fault that a local cluster offers, in one round each: there on each of its
    /// targets, elsewhere on the first.
    static func everything(on kind: TestbedKind) -> NemesisSchedule {
        var rounds: [NemesisSchedule.Round] = []
        for fault in FaultVocabulary.all
        where fault.needs.isSubset(of: TestbedKind.local.capabilities) {
            let targets = kind == .local ? fault.targets[...] : fault.targets.prefix(1)
            for target in targets {
                let parameters = fault.parameters.map {
                    ($0.name, min($0.usual.lowerBound + 2, $0.usual.upperBound))
                }
                rounds.append(
                    .init(
                        pause: 0, pick: UInt64(rounds.count),
                        steps: [
                            .init(
                                fault.kind, target, hold: 50,
                                parameters: Dictionary(uniqueKeysWithValues: parameters))
                        ]))
            }
        }
        return NemesisSchedule(seed: 1, rounds: rounds)
    }

    @Test(
        "every fault on every target is seen to be active and seen to be gone",
        arguments: Namespaces.arePossible ? [TestbedKind.local, .namespaces] : [.local])
    func everyFault(kind: TestbedKind) throws {
        try FaultBench.withCluster(on: kind) { testbed, folder in
            let schedule = Self.everything(on: kind)
            let (record, nemesis) = try FaultBench.play(
                schedule, on: testbed, surgeon: ReplicaSurgeon(layout: testbed.layout), folder)
            let faults = record.faults
            print("faults on real daemons, \(kind): \(nemesis.injected)")
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            #expect(nemesis.refusals == [])
            #expect(
                faults.filter { $0.phase == .begin }.map(\.kind)
                    == schedule.rounds.map(\.steps[0].kind.name))
            for end in faults where end.phase == .end {
                #expect(end.detail == "seen to be gone", "\(end)")
            }
            #expect(testbed.takeUnexpectedExits() == [])
            let killed = record.notes.filter { $0.contains("was killed at step 3: ") }
            #expect(killed.count == (kind == .local ? 4 : 2))
        }
    }

    /// Rounds of a family at four times their pace.
    static func hurried(_ schedule: NemesisSchedule) -> NemesisSchedule {
        let rounds = schedule.rounds.map { round in
            let steps = round.steps.map { step in
                var step = step
                step.at /= 4
                step.hold /= 4
                return step
            }
            return NemesisSchedule.Round(pause: 0, pick: round.pick, steps: steps)
        }
        return NemesisSchedule(seed: schedule.seed, rounds: rounds)
    }

    typealias Family = @Sendable (UInt64, Duration) -> NemesisSchedule

    static let families: [Family] = [
        { NemesisSchedule.crashRestart(seed: $0, window: $1) },
        { NemesisSchedule.partitionHeal(seed: $0, window: $1) },
        { NemesisSchedule.mixedFailover(seed: $0, window: $1) },
    ]

    @Test("every round of a family goes well on real daemons", arguments: families.indices)
    func rounds(index: Int) throws {
        try FaultBench.withCluster { testbed, folder in
            let schedule = Self.hurried(Self.families[index](3, .seconds(20)))
            let (_, nemesis) = try FaultBench.play(
                schedule, on: testbed, surgeon: ReplicaSurgeon(layout: testbed.layout), folder)
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            #expect(nemesis.refusals == [])
            #expect(testbed.takeUnexpectedExits() == [])
        }
    }
}
