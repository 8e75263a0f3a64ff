import FaultHarness
import History
import Nemesis
import Switch
import Testbed
import Testing

@testable import Campaign

enum Namespaces {
    /// Whether this machine lets this process make them.
    static let arePossible = (try? NamespaceAccess.ensure()) != nil
}

/// Faults by packet on real daemons in network namespaces.
@Suite(
    .serialized,
    .enabled(if: Namespaces.arePossible, "this machine makes no network namespaces for us"))
struct PacketFaultTests {
    static func withCluster(_ body: (LocalTestbed, _ folder: String) throws -> Void) throws {
        try FaultBench.withCluster(on: .namespaces, body)
    }

    /// Every kind of fault by packet on each of its targets; of the disturbances the first and
    /// the last, whom they hit makes no difference to them.
    static var everything: NemesisSchedule {
        var rounds: [NemesisSchedule.Round] = []
        for fault in FaultVocabulary.all where fault.needs.contains(.packets) {
            let isDisturbance = fault.targets.contains(.backups)
            for target in isDisturbance ? [fault.targets[0], .all] : fault.targets {
                let parameters = fault.parameters.map { parameter in
                    (
                        parameter.name,
                        min(parameter.usual.lowerBound + 1, parameter.usual.upperBound)
                    )
                }
                let step = NemesisSchedule.Step(
                    fault.kind, target, hold: 50,
                    parameters: Dictionary(uniqueKeysWithValues: parameters))
                rounds.append(.init(pause: 0, pick: UInt64(rounds.count), steps: [step]))
            }
        }
        return NemesisSchedule(seed: 1, rounds: rounds)
    }

    @Test("every fault by packet is seen to be active and seen to be gone")
    func everyFault() throws {
        try Self.withCluster { testbed, folder in
            let schedule = Self.everything
            let (record, nemesis) = try FaultBench.play(
                schedule, on: testbed, surgeon: ReplicaSurgeon(layout: testbed.layout), folder)
            print("faults by packet on real daemons: \(nemesis.injected)")
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            let faults = record.faults
            #expect(faults.count { $0.phase == .end } == schedule.stepCount)
            for end in faults where end.phase == .end {
                #expect(end.detail == "seen to be gone", "\(end)")
            }
            let packets = try #require(testbed.packets)
            for direction in packets.directions {
                #expect(!packets.isDisturbed(direction, besides: nil))
            }
            #expect(testbed.takeUnexpectedExits() == [])
        }
    }

    @Test("two faults by packet at the same time come and go on their own")
    func overlapping() throws {
        try Self.withCluster { testbed, folder in
            let steps: [NemesisSchedule.Step] = [
                .init(FaultKind("isolate-one"), .primary, at: 0, hold: 300),
                .init(FaultKind("bridge"), .primary, at: 100, hold: 600),
                .init(
                    FaultKind("packet-delay"), .all, at: 200, hold: 300,
                    parameters: ["delay_millis": 5]),
            ]
            let schedule = NemesisSchedule(
                seed: 1, rounds: [.init(pause: 0, pick: 0, steps: steps)])
            let (_, nemesis) = try FaultBench.play(
                schedule, on: testbed, surgeon: ReplicaSurgeon(layout: testbed.layout), folder)
            #expect(nemesis.injected == 3)
        }
    }

    @Test("a cluster that is cut into pieces still says how it is, and heals")
    func controlPorts() throws {
        try Self.withCluster { testbed, _ in
            let packets = try #require(testbed.packets)
            let cut = packets.disturb(packets.directions, [.cut], lease: .seconds(3600))
            for probe in testbed.probeAll() {
                #expect(probe.probe.status != nil, "\(probe)")
            }
            packets.lift(cut)
            try testbed.converge(within: .seconds(60))
        }
    }
}
