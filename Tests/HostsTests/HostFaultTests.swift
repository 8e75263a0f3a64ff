import ClusterProtocol
import FaultHarness
import History
import LeaseKernel
import Nemesis
import SystemCalls
import Testbed
import Testing

@testable import Campaign
@testable import Hosts

@Suite("Faults on machines that exist already", .serialized)
struct HostFaultTests {
    /// Every kind that such machines can have, once, on its first target.
    static var everything: NemesisSchedule {
        let kinds = FaultVocabulary.all.filter {
            $0.needs.isSubset(of: TestbedKind.ssh.capabilities)
        }
        let rounds = kinds.enumerated().map { index, fault in
            let parameters = fault.parameters.map {
                ($0.name, min($0.usual.lowerBound + 2, $0.usual.upperBound))
            }
            return NemesisSchedule.Round(
                pause: 0, pick: UInt64(index),
                steps: [
                    .init(
                        fault.kind, fault.targets[0], hold: 50,
                        parameters: Dictionary(uniqueKeysWithValues: parameters))
                ])
        }
        return NemesisSchedule(seed: 1, rounds: rounds)
    }

    @Test("every kind of fault is seen to be active and seen to be gone")
    func everyFault() throws {
        try HostBench.withCluster { testbed in
            let schedule = Self.everything
            let folder = try FileSystem.makeTemporaryFolder(prefix: "host-faults")
            defer { try? FileSystem.removeTree(folder) }
            let (record, nemesis) = try FaultBench.play(
                schedule, on: testbed, surgeon: TestbedMaker.surgeon(of: testbed), folder)
            print("faults on machines: \(nemesis.injected)")
            #expect(nemesis.injected == UInt64(schedule.stepCount))
            #expect(nemesis.refusals == [])
            for end in record.faults where end.phase == .end {
                #expect(end.detail == "seen to be gone", "\(end)")
            }
            #expect(testbed.takeUnexpectedExits() == [])
        }
    }

    @Test("a replica's folder goes and comes whole, and one on its way out comes back")
    func folders() throws {
        try HostBench.withCluster { testbed in
            try testbed.crash(ReplicaID(2))
            let copy = try FileSystem.makeTemporaryFolder(prefix: "host-folder")
            defer { try? FileSystem.removeTree(copy) }
            try testbed.fetch(ReplicaID(2), into: copy)
            let names = try FileSystem.list(copy).sorted()
            #expect(names.contains("replica.metadata"))
            try FileSystem.write([1, 2, 3], to: Path.join(copy, "more"))
            try testbed.put(ReplicaID(2), from: copy)
            let place = try testbed.place(ReplicaID(2)).workspaceDirectory
            #expect(try FileSystem.list(place).sorted() == (names + ["more"]).sorted())
            let metadata = Path.join(place, "replica.metadata")
            #expect(
                try FileSystem.read(metadata, limit: 1 << 20)
                    == FileSystem.read(Path.join(copy, "replica.metadata"), limit: 1 << 20))

            // As if the machine had gone down between the two names of `adopt`.
            try FileSystem.removeFile(Path.join(place, "more"))
            try FileSystem.rename(place, to: place + ".old")
            try testbed.restart(ReplicaID(2))
            #expect(try FileSystem.list(place).sorted() == names)
            #expect(!FileSystem.exists(place + ".old"))
            try testbed.converge(within: .seconds(60))
        }
    }
}
