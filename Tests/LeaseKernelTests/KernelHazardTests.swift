import EngineVectors
import LeaseKernel
import Testing

@Suite("Where the reference would abort, an error is thrown and nothing changes")
struct KernelHazardTests {
    private static let configuration = KernelConfiguration(
        shardID: 0, maxResources: 4, maxReservations: 4, maxBundleSize: 2, maxOperations: 4,
        maxTTLSlots: 8, maxClientRetryWindowSlots: 4, reservationHistoryWindowSlots: 2,
        maxExpirationBucketLength: 4)
    private static let resource = ResourceID(1)
    private static let lease = ReservationID(2)
    private static let holder = HolderID(5)

    /// One confirmed lease on one resource, at LSN 3 and slot 1, with counters set by hand.
    private func kernel(
        epoch: UInt64 = 1, version: UInt64 = 2, state: ReservationState = .confirmed
    ) throws -> Kernel {
        var kernel = try Kernel(configuration: Self.configuration)
        let slot = Slot(1)
        _ = try kernel.applyInternal(
            .createResource(Self.resource), lsn: LSN(1), requestSlot: slot)
        _ = try kernel.applyInternal(
            .reserve(Self.resource, holder: Self.holder, ttlSlots: 8), lsn: LSN(2),
            requestSlot: slot)
        if state == .confirmed {
            _ = try kernel.applyInternal(
                .confirm(Self.lease, holder: Self.holder, epoch: LeaseEpoch(1)), lsn: LSN(3),
                requestSlot: slot)
        }
        var snapshot = kernel.snapshot()
        snapshot.reservations[0].epoch = LeaseEpoch(epoch)
        snapshot.resources[0].version = version
        return try Kernel(restoring: snapshot, configuration: Self.configuration)
    }

    @Test("a lease epoch that is used up does not wrap around")
    func epochs() throws {
        let last = LeaseEpoch(.max)
        let commands: [Command] = [
            .revoke(Self.lease), .release(Self.lease, holder: Self.holder, epoch: last),
        ]
        for command in commands {
            try expectRefusal(
                of: command, by: try kernel(epoch: .max),
                with: .leaseEpochExhausted(Self.lease))
        }
        try expectRefusal(
            of: .expire(Self.lease, deadline: Slot(9)),
            by: try kernel(epoch: .max, state: .reserved),
            with: .leaseEpochExhausted(Self.lease))
    }

    @Test("a resource version that is used up does not wrap around")
    func versions() throws {
        let commands: [Command] = [
            .revoke(Self.lease),
            .release(Self.lease, holder: Self.holder, epoch: LeaseEpoch(1)),
        ]
        for command in commands {
            try expectRefusal(
                of: command, by: try kernel(version: .max),
                with: .resourceVersionExhausted(Self.resource))
        }
    }

    @Test("a command that only looks dangerous is applied")
    func harmless() throws {
        var kernel = try kernel(epoch: .max)
        let command = Command.release(Self.lease, holder: Self.holder, epoch: LeaseEpoch(1))
        #expect(kernel.refusal(ofInternal: command, lsn: LSN(9), requestSlot: Slot(1)) == nil)
        let applied = try kernel.applyInternal(command, lsn: LSN(9), requestSlot: Slot(1))
        #expect(applied.outcome.code == .staleEpoch)
    }

    @Test("a reservation number that a hand-made snapshot used is not given out twice")
    func reservationNumbers() throws {
        var snapshot = try kernel(state: .reserved).snapshot()
        snapshot.lastAppliedLSN = LSN(1)
        snapshot.resources.append(Resource(id: ResourceID(2)))
        let kernel = try Kernel(restoring: snapshot, configuration: Self.configuration)
        try expectRefusal(
            of: .reserve(ResourceID(2), holder: Self.holder, ttlSlots: 1), by: kernel,
            lsn: LSN(2), with: .reservationExists(Self.lease))
    }

    private func expectRefusal(
        of command: Command, by kernel: Kernel, lsn: LSN = LSN(9), with expected: KernelError
    ) throws {
        var kernel = kernel
        let before = kernel.snapshot()
        let slot = Slot(1)
        let request = ClientCommand(
            operationID: OperationID(9), clientID: ClientID(7), command: command)
        #expect(kernel.refusal(ofInternal: command, lsn: lsn, requestSlot: slot) == expected)
        #expect(kernel.refusal(of: request, lsn: lsn, requestSlot: slot) == expected)
        #expect(throws: expected) {
            try kernel.applyInternal(command, lsn: lsn, requestSlot: slot)
        }
        #expect(throws: expected) { try kernel.apply(request, lsn: lsn, requestSlot: slot) }
        #expect(kernel.snapshot() == before)
    }

    @Test("late retries after a restart with a smaller window never fill the retire queue")
    func smallerWindow() throws {
        var wide = Self.configuration
        wide.maxClientRetryWindowSlots = 1000
        var kernel = try Kernel(configuration: wide)
        func create(_ operation: UInt128) -> ClientCommand {
            ClientCommand(
                operationID: OperationID(operation), clientID: ClientID(7),
                command: .createResource(Self.resource))
        }
        _ = try kernel.apply(create(1), lsn: LSN(1), requestSlot: Slot(1))
        // The entry of operation 1 now blocks the front of the queue until slot 1009.
        kernel = try Kernel(
            restoring: kernel.snapshot(), configuration: Self.configuration,
            checking: .afterEveryCommand)
        for round in 0..<20 {
            let slot = Slot(10 + 20 * UInt64(round))
            let applied = try kernel.apply(
                create(2), lsn: LSN(2 + UInt64(round)), requestSlot: slot)
            #expect(applied.outcome.code == .alreadyExists)
            #expect(!applied.isFromRetryTable, "each retry is past its window")
        }
        #expect(kernel.health(at: Slot(500)).operationTableUsed == 2)
        let far = Command.createResource(ResourceID(3))
        _ = try kernel.applyInternal(far, lsn: LSN(90), requestSlot: Slot(2000))
        #expect(kernel.health(at: Slot(2000)).operationTableUsed == 0, "nothing is kept for ever")
    }
}
