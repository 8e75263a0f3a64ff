import EngineVectors
import LeaseEngine
import LeaseKernel
import Testing

@Suite("A simulated node does the same for the same seed, and other things for others")
struct SimulationTests {
    private func request(_ number: UInt64, _ command: Command) -> ClientCommand {
        ClientCommand(
            operationID: OperationID(UInt128(number)), clientID: ClientID(7), command: command)
    }

    private func schedule() -> [SingleNodeSimulation.Scheduled] {
        let resource = ResourceID(1)
        return [
            .init("create", at: [1], submit: request(1, .createResource(resource))),
            .init(
                "reserve-a", at: [2, 3],
                submit: request(2, .reserve(resource, holder: HolderID(1), ttlSlots: 2))),
            .init(
                "reserve-b", at: [3, 2, 3],
                submit: request(3, .reserve(resource, holder: HolderID(2), ttlSlots: 2))),
            .init("tick", at: [5, 9]),
        ]
    }

    @Test("the same seed runs the same schedule, and some seeds let the other holder win")
    func schedules() throws {
        var winners: Set<HolderID> = []
        for seed in 0..<16 {
            var first = try SingleNodeSimulation(seed: UInt64(seed))
            var second = try SingleNodeSimulation(seed: UInt64(seed))
            let happened = try first.run(schedule())
            #expect(try second.run(schedule()) == happened)
            #expect(happened.map(\.slot) == happened.map(\.slot).sorted())
            #expect(first.storage.wal == second.storage.wal)
            let leases = try #require(first.engine).kernel.snapshot().reservations
            #expect(leases.count == 1)
            winners.formUnion(leases.map(\.holder))
        }
        #expect(winners == [HolderID(1), HolderID(2)])
    }

    @Test("misuse of the simulation is an error")
    func misuse() throws {
        var simulation = try SingleNodeSimulation(seed: 1)
        try simulation.advance(to: Slot(5))
        let backwards = SingleNodeSimulation.Failure.slotMovedBack(from: Slot(5), to: Slot(4))
        #expect(throws: backwards) { try simulation.advance(to: Slot(4)) }
        #expect(throws: SingleNodeSimulation.Failure.duplicateLabel("tick")) {
            try simulation.run([.init("tick", at: [6]), .init("tick", at: [7])])
        }
        #expect(throws: SingleNodeSimulation.Failure.noCandidateSlots("never")) {
            try simulation.run([.init("never", at: [])])
        }
    }
}
