import History
import Matrix
import Testing

@testable import Workload

@Suite struct IntentTests {
    @Test(
        "the intents of a client follow from workload, seed and number alone",
        arguments: WorkloadDescription.all)
    func deterministic(workload: WorkloadDescription) {
        func first(_ seed: UInt64, _ client: UInt32) -> [Intent] {
            let role = workload.role(ofClient: client)
            var stream = IntentStream(seed: seed, client: UInt64(client), role: role)
            return (0..<3000).map { _ in stream.next() }
        }
        #expect(first(1, 1) == first(1, 1))
        #expect(first(1, 1) != first(1, 2))
        #expect(first(1, 1) != first(2, 1))
        for client in UInt32(1)...3 {
            let role = workload.role(ofClient: client)
            let intents = first(3, client)
            #expect(Set(intents.map(\.kind)) == Set(role.mix.entries.map(\.kind)))
            #expect(intents.allSatisfy { role.ttls.contains($0.ttl) })
            #expect(intents.contains { $0.hangUp != nil })
            #expect(intents.contains { $0.asksAnother })
        }
    }

    @Test("every part of a workload is played by somebody, in the shares it states")
    func roles() {
        for workload in WorkloadDescription.all {
            let shares = workload.roles.map(\.share).reduce(0, +)
            let dealt = (1...UInt32(shares)).map { workload.role(ofClient: $0) }
            for role in workload.roles {
                #expect(dealt.count { $0 == role } == role.share, "\(workload.family)")
            }
            #expect(workload.role(ofClient: UInt32(shares + 1)) == dealt[0])
        }
    }

    @Test("every kind of intent occurs in some workload")
    func kinds() {
        let used = WorkloadDescription.all.flatMap(\.roles).flatMap(\.mix.entries).map(\.kind)
        #expect(Set(used) == Set(Intent.Kind.allCases))
    }

    @Test("every family of the matrix has its workload")
    func families() {
        #expect(WorkloadDescription.all.map(\.family) == WorkloadFamily.allCases)
    }
}

@Suite struct HolderTests {
    static func holder(bundles: Int = 4) -> Holder {
        Holder(
            client: 2, role: WorkloadDescription.reservationContention.roles[0], nonce: 7,
            resources: (1...6).map { ResourceID($0) }, maxBundleSize: bundles, windowSlots: 20)
    }

    static func intent(_ kind: Intent.Kind, pick: UInt64 = 0, second: UInt64 = 1) -> Intent {
        Intent(
            kind: kind, pick: pick, second: second, ttl: 3, asksAnother: false,
            hangUp: nil)
    }

    static let granted = Outcome.committed(
        LSN(5),
        CommitResult(
            reservationID: ReservationID(5), epoch: LeaseEpoch(1), deadline: Slot(13)),
        fromRetryCache: false)

    static func holding() -> (Holder, OperationID) {
        var holder = Self.holder()
        guard
            case .command(let id, let operation) = holder.step(
                for: intent(.reserve), at: Slot(10))
        else { return (holder, OperationID(0)) }
        holder.learn(id, operation, slot: Slot(10), granted)
        return (holder, id)
    }

    @Test("a granted lease can be confirmed, and what was confirmed released, with its epoch")
    func lifeCycle() {
        var (holder, _) = Self.holding()
        let confirm = holder.step(for: Self.intent(.confirm), at: Slot(10))
        guard case .command(let id, let operation) = confirm else {
            Issue.record("\(confirm)")
            return
        }
        #expect(operation == .confirm(ReservationID(5), holder.holder, LeaseEpoch(1)))
        holder.learn(
            id, operation, slot: Slot(10), .committed(LSN(6), .empty, fromRetryCache: false))
        guard case .command(_, let release) = holder.step(for: Self.intent(.release), at: Slot(10))
        else { return }
        #expect(release == .release(ReservationID(5), holder.holder, LeaseEpoch(1)))
        holder.learn(id, release, slot: Slot(11), .committed(LSN(7), .empty, fromRetryCache: false))
        #expect(holder.leases.isEmpty)
    }

    @Test(
        "every intent becomes something, with and without leases", arguments: Intent.Kind.allCases)
    func total(kind: Intent.Kind) {
        var empty = Self.holder(bundles: 1)
        _ = empty.step(for: Self.intent(kind), at: Slot(10))
        var (holding, _) = Self.holding()
        _ = holding.step(for: Self.intent(kind), at: Slot(10))
    }

    @Test("a duplicate repeats identical bytes, and only while the cluster surely remembers")
    func duplicates() {
        var (holder, id) = Self.holding()
        guard
            case .repetition(let command) = holder.step(
                for: Self.intent(.duplicate), at: Slot(20))
        else {
            Issue.record("no repetition inside the window")
            return
        }
        #expect(command.operationID == id)
        #expect(command.slot == Slot(10))
        guard case .command = holder.step(for: Self.intent(.duplicate), at: Slot(21)) else {
            Issue.record("a repetition beyond half the window may be executed as new")
            return
        }
    }

    @Test("a conflicting reuse has the id of an answered command and another content")
    func conflicts() {
        var (holder, id) = Self.holding()
        guard
            case .command(let used, let operation) = holder.step(
                for: Self.intent(.conflictingReuse), at: Slot(11))
        else { return }
        #expect(used == id)
        #expect(operation != .reserve(ResourceID(1), holder.holder, ttl: SlotCount(3)))
    }

    @Test("what the cluster does not remember is never repeated")
    func unremembered() {
        var holder = Self.holder()
        guard
            case .command(let id, let operation) = holder.step(
                for: Self.intent(.reserve), at: Slot(10))
        else { return }
        for outcome in [
            Outcome.refused(LSN(4), .operationTableFull, fromRetryCache: false),
            .failed(.connectionRefused), .ambiguous(.timeout),
        ] {
            holder.learn(id, operation, slot: Slot(10), outcome)
        }
        if case .repetition = holder.step(for: Self.intent(.duplicate), at: Slot(10)) {
            Issue.record("repeated a command nobody answered")
        }
    }

    @Test("leases never pile up: with enough of them a reserve becomes a release")
    func bounded() {
        var holder = Self.holder()
        for number in UInt64(1)...20 {
            guard
                case .command(let id, let operation) = holder.step(
                    for: Self.intent(.reserve), at: Slot(10))
            else { continue }
            let result = CommitResult(
                reservationID: ReservationID(UInt128(number)), epoch: LeaseEpoch(1),
                deadline: Slot(12))
            switch operation {
            case .reserve:
                holder.learn(
                    id, operation, slot: Slot(10),
                    .committed(LSN(number), result, fromRetryCache: false))
            default:
                holder.learn(
                    id, operation, slot: Slot(10),
                    .committed(LSN(number), .empty, fromRetryCache: false))
            }
            #expect(holder.leases.count <= 4)
        }
    }

    @Test(
        "an answer settles an ambiguous command only if it comes from the log",
        arguments: [
            (Outcome.committed(LSN(1), .empty, fromRetryCache: true), true),
            (.refused(LSN(1), .resourceBusy, fromRetryCache: true), true),
            (.refused(LSN(1), .operationTableFull, fromRetryCache: false), false),
            (.failed(.notPrimary(role: .backup)), false),
            (.failed(.connectionRefused), false),
            (.failed(.slotOverflow), false),
            (.ambiguous(.timeout), false),
        ])
    func resolving(outcome: Outcome, settles: Bool) {
        #expect(Client.resolves(outcome) == settles)
    }
}
