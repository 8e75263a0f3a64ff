public import LeaseEngine
public import LeaseKernel

/// Random commands over a small world, so that they meet each other: a few resources, holders
/// and operation ids, reservations that exist, and slots that creep forward. Equal seeds give
/// equal commands.
public struct RandomExecution {
    private var choice: SeededChoice
    public private(set) var slot: Slot
    public private(set) var lsn: LSN
    private let operationIDs: Int

    /// Fewer operation ids mean more retries and conflicts.
    public init(seed: UInt64, operationIDs: Int = 60) {
        self.choice = SeededChoice(seed: seed)
        self.slot = Slot(1)
        self.lsn = LSN(0)
        self.operationIDs = operationIDs
    }

    /// Bounds small enough to be met often.
    public static let configuration = KernelConfiguration(
        shardID: 3, maxResources: 7, maxReservations: 6, maxBundleSize: 3, maxOperations: 12,
        maxTTLSlots: 9, maxClientRetryWindowSlots: 4, reservationHistoryWindowSlots: 5,
        maxExpirationBucketLength: 2)

    public static let engineConfiguration = EngineConfiguration(
        maxSubmissionQueue: 4, maxCommandBytes: 512, maxExpirationsPerTick: 2)

    public mutating func choose(_ count: Int) -> Int { choice.choose(count) }

    /// The LSN and slot of the next applied command.
    public mutating func advance() -> (LSN, Slot) {
        lsn = LSN(lsn.rawValue + 1 + UInt64(choose(5) / 4))
        return (lsn, nextSlot())
    }

    /// Mostly the same slot again, sometimes later, seldom much later.
    public mutating func nextSlot() -> Slot {
        let steps: [UInt64] = [0, 0, 0, 1, 1, 2, 3, 11]
        slot = Slot(slot.rawValue + steps[choose(steps.count)])
        return slot
    }

    public mutating func request(near kernel: Kernel) -> ClientCommand {
        ClientCommand(
            operationID: OperationID(UInt128(choose(operationIDs))),
            clientID: ClientID(UInt128(choose(3))), command: command(near: kernel))
    }

    public mutating func command(near kernel: Kernel) -> Command {
        let resource = ResourceID(UInt128(choose(9)))
        let holder = HolderID(UInt128(choose(2)))
        let ttlSlots = UInt64(choose(11))
        let known = kernel.snapshot().reservations
        let row = known.isEmpty ? nil : known[choose(known.count)]
        let reservation = row?.id ?? ReservationID(UInt128(choose(40)))
        // Mostly what is stored, so that commands succeed.
        let owner = choose(6) == 0 ? holder : row?.holder ?? holder
        let epoch = choose(6) == 0 ? LeaseEpoch(UInt64(choose(3))) : row?.epoch ?? LeaseEpoch(1)
        switch choose(12) {
        case 0, 1: return .createResource(resource)
        case 2, 3, 4: return .reserve(resource, holder: holder, ttlSlots: ttlSlots)
        case 5, 6:
            let members = (0..<choose(5)).map { _ in ResourceID(UInt128(choose(8))) }
            return .reserveBundle(members, holder: holder, ttlSlots: ttlSlots)
        case 7: return .confirm(reservation, holder: owner, epoch: epoch)
        case 8: return .release(reservation, holder: owner, epoch: epoch)
        case 9: return .expire(reservation, deadline: row?.deadline ?? Slot(UInt64(choose(9))))
        case 10: return .revoke(reservation)
        default: return .reclaim(reservation)
        }
    }
}
