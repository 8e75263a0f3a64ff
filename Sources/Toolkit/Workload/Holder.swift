public import History
import Randomness

/// What one client knows: the leases it holds, the commands it was answered, the largest LSN it
/// has seen. Turns intents into operations and learns from outcomes; it does nothing itself.
///
/// All memory is bounded and resources are used again and again, so a run can last for days.
public struct Holder: Sendable {
    /// A command that was answered from the log, and how to send it again.
    public struct Remembered: Hashable, Sendable {
        public var operationID: OperationID
        public var operation: Operation
        public var slot: Slot
    }

    /// What an intent became.
    public enum Step: Hashable, Sendable {
        /// A command to send in the current slot, under a new id or that of an answered command.
        case command(OperationID, Operation)
        /// The identical bytes once more.
        case repetition(Remembered)
        case read(Operation)
        case tick
    }

    struct Lease: Hashable, Sendable {
        enum State: Hashable, Sendable { case reserved, confirmed, revoking }
        var reservation: ReservationID
        var epoch: LeaseEpoch
        var state: State
        /// Unknown for a lease of somebody else.
        var deadline: Slot?
    }

    /// Reaches back for most of the window in which the cluster remembers, also over a restart and
    /// a snapshot.
    static let mostRemembered = 64
    static let mostPast = 8
    /// Below every resource that exists, and above every one that a run makes.
    static let unknownResource = ResourceID(UInt128(1) << 100)

    public let holder: HolderID
    private let role: ClientRole
    private let resources: [ResourceID]
    private let maxBundleSize: Int
    /// Half the cluster's window: a repetition older than this is not sent any more, because a
    /// forgotten command would be executed again, with an old slot.
    private let repetitionWindow: UInt64
    private let operationBase: UInt128
    private var operationCount: UInt128 = 0
    private(set) var leases: [Lease] = []
    private var past: [ReservationID] = []
    /// Leases that were ours, with the epoch they had then.
    private var lost: [Lease] = []
    private var seenElsewhere: [ReservationID] = []
    private var remembered: [Remembered] = []
    private var largestLSN: LSN?

    /// `client` counts from 1; `nonce` keeps ids of different runs on one cluster apart.
    public init(
        client: UInt32, role: ClientRole, nonce: UInt64, resources: [ResourceID],
        maxBundleSize: Int, windowSlots: UInt64
    ) {
        self.role = role
        holder = HolderID(UInt128(100 + client))
        self.resources = resources
        self.maxBundleSize = maxBundleSize
        repetitionWindow = windowSlots / 2
        operationBase = UInt128(nonce) << 64 | UInt128(client) << 40
    }

    // MARK: - From intent to step

    /// What to do for `intent` while the clock shows `slot`, knowing what others were told.
    /// Intents about something that does not exist become a reserve, or a release when enough is
    /// held; never nothing.
    public mutating func step(
        for intent: Intent, at slot: Slot, news: Publications.Entry? = nil
    ) -> Step {
        switch intent.kind {
        case .reserve: reserve(intent)
        case .reserveBundle: reserveBundle(intent)
        case .oddBundle: oddBundle(intent)
        case .reserveDue: reserve(intent, news?.resource)
        case .confirm:
            change(intent, in: .reserved) { .confirm($0.reservation, $1, $0.epoch) }
        case .confirmDue: confirmDue(intent)
        case .release: release(intent)
        case .revoke: revoke(intent)
        case .reclaim:
            change(intent, in: .revoking) { lease, _ in .reclaim(lease.reservation) }
        case .readResource:
            .read(.getResource(resource(intent.pick), requiredLSN: nil))
        case .readLease: readLease(intent, fence: nil)
        case .readResourceFenced:
            .read(.getResource(resource(intent.pick), requiredLSN: largestLSN))
        case .readLeaseFenced: readLease(intent, fence: largestLSN)
        case .readPublished: readPublished(intent, news)
        case .readAhead:
            .read(
                .getResource(
                    resource(intent.pick),
                    requiredLSN: LSN((largestLSN?.rawValue ?? 0) + 1_000_000)))
        case .tick: .tick
        case .duplicate: duplicate(intent, at: slot)
        case .conflictingReuse: conflictingReuse(intent, at: slot)
        case .staleRelease:
            change(intent, in: nil) { lease, holder in
                .release(lease.reservation, holder, LeaseEpoch(lease.epoch.rawValue + 1))
            }
        case .staleHolder: staleHolder(intent)
        case .foreignConfirm:
            change(intent, in: nil) { lease, holder in
                .confirm(lease.reservation, HolderID(holder.rawValue + 1000), lease.epoch)
            }
        case .abandon: abandon(intent)
        }
    }

    /// A read in place of a command that cannot be sent now.
    public mutating func readInstead(of intent: Intent) -> Operation {
        .getResource(resource(intent.pick), requiredLSN: nil)
    }

    private mutating func nextOperationID() -> OperationID {
        operationCount += 1
        return OperationID(operationBase + operationCount)
    }

    /// The smaller of two picks, so that the first resources are hotter than the last.
    private func resource(_ pick: UInt64) -> ResourceID {
        let count = UInt64(resources.count)
        return resources[Int(min(pick % count, (pick >> 32) % count))]
    }

    private mutating func reserve(_ intent: Intent, _ wanted: ResourceID? = nil) -> Step {
        if leases.count >= role.mostLeases { return release(intent) }
        return .command(
            nextOperationID(),
            .reserve(wanted ?? resource(intent.pick), holder, ttl: SlotCount(intent.ttl)))
    }

    private mutating func reserveBundle(_ intent: Intent) -> Step {
        guard maxBundleSize > 1, leases.count < role.mostLeases else { return reserve(intent) }
        return .command(
            nextOperationID(),
            .reserveBundle(members(intent), holder, ttl: SlotCount(intent.ttl)))
    }

    /// Different resources in any order, the hot ones more often than the others.
    private func members(_ intent: Intent) -> [ResourceID] {
        var random = SeededRandom(seed: intent.pick, stream: intent.second)
        let sizes = role.bundleSizes
        let wanted = sizes.lowerBound + random.index(below: sizes.count)
        let size = min(wanted, maxBundleSize, resources.count)
        var members: [ResourceID] = []
        for _ in 0..<8 * size where members.count < size {
            let candidate = resource(random.next())
            if !members.contains(candidate) { members.append(candidate) }
        }
        return members
    }

    private mutating func oddBundle(_ intent: Intent) -> Step {
        var members = members(intent)
        switch intent.second % 3 {
        case 0: members.append(members[0])
        case 1:
            while members.count <= maxBundleSize { members.append(resource(intent.pick)) }
        default: members.append(Self.unknownResource)
        }
        return .command(
            nextOperationID(), .reserveBundle(members, holder, ttl: SlotCount(intent.ttl)))
    }

    private mutating func confirmDue(_ intent: Intent) -> Step {
        let reserved = leases.filter { $0.state == .reserved }
        let first = reserved.min { ($0.deadline ?? Slot(.max)) < ($1.deadline ?? Slot(.max)) }
        guard let first else { return reserve(intent) }
        return .command(nextOperationID(), .confirm(first.reservation, holder, first.epoch))
    }

    private mutating func staleHolder(_ intent: Intent) -> Step {
        guard !lost.isEmpty else { return reserve(intent) }
        let lease = lost[Int(intent.pick % UInt64(lost.count))]
        return .command(
            nextOperationID(),
            intent.second % 2 == 0
                ? .release(lease.reservation, holder, lease.epoch)
                : .confirm(lease.reservation, holder, lease.epoch))
    }

    private func readPublished(_ intent: Intent, _ news: Publications.Entry?) -> Step {
        guard let news else { return .read(.getResource(resource(intent.pick), requiredLSN: nil)) }
        if let resource = news.resource, intent.second % 2 == 0 || news.reservation == nil {
            return .read(.getResource(resource, requiredLSN: news.lsn))
        }
        guard let reservation = news.reservation else {
            return .read(.getResource(resource(intent.pick), requiredLSN: news.lsn))
        }
        return .read(.getReservation(reservation, requiredLSN: news.lsn))
    }

    private mutating func change(
        _ intent: Intent, in state: Lease.State?, _ make: (Lease, HolderID) -> Operation
    ) -> Step {
        let candidates = leases.filter { state == nil || $0.state == state }
        guard !candidates.isEmpty else { return reserve(intent) }
        let lease = candidates[Int(intent.second % UInt64(candidates.count))]
        return .command(nextOperationID(), make(lease, holder))
    }

    private mutating func release(_ intent: Intent) -> Step {
        // A lease that is being revoked cannot be released: its revocation is ended instead.
        if let revoking = leases.first(where: { $0.state == .revoking }) {
            return .command(nextOperationID(), .reclaim(revoking.reservation))
        }
        if leases.isEmpty { return reserve(intent) }
        let lease = leases[Int(intent.second % UInt64(leases.count))]
        return .command(
            nextOperationID(), .release(lease.reservation, holder, lease.epoch))
    }

    private mutating func revoke(_ intent: Intent) -> Step {
        if !seenElsewhere.isEmpty, intent.second % 2 == 0 {
            let other = seenElsewhere.removeFirst()
            // What was seen confirmed is revoked; the next reader of it reclaims.
            return .command(nextOperationID(), .revoke(other))
        }
        return change(intent, in: .confirmed) { lease, _ in .revoke(lease.reservation) }
    }

    private func readLease(_ intent: Intent, fence: LSN?) -> Step {
        let known = leases.map(\.reservation) + past
        guard !known.isEmpty else {
            return .read(.getResource(resource(intent.pick), requiredLSN: fence))
        }
        let reservation = known[Int(intent.second % UInt64(known.count))]
        return .read(.getReservation(reservation, requiredLSN: fence))
    }

    private func stillRemembered(at slot: Slot) -> [Remembered] {
        remembered.filter { slot.rawValue <= $0.slot.rawValue + repetitionWindow }
    }

    private mutating func duplicate(_ intent: Intent, at slot: Slot) -> Step {
        let candidates = stillRemembered(at: slot)
        guard !candidates.isEmpty else { return reserve(intent) }
        return .repetition(candidates[Int(intent.second % UInt64(candidates.count))])
    }

    private mutating func conflictingReuse(_ intent: Intent, at slot: Slot) -> Step {
        let candidates = stillRemembered(at: slot)
        guard !candidates.isEmpty else { return reserve(intent) }
        let original = candidates[Int(intent.second % UInt64(candidates.count))]
        // Longer than any ttl of an intent, so that it differs from every reserve there was.
        let other = Operation.reserve(
            resource(intent.pick), holder, ttl: SlotCount(1_000_000 + intent.ttl))
        return .command(original.operationID, other)
    }

    private mutating func abandon(_ intent: Intent) -> Step {
        if let index = leases.firstIndex(where: { $0.state == .reserved }) {
            forget(leases[index].reservation)
        }
        return reserve(intent)
    }

    // MARK: - From outcome to knowledge

    /// What became of a command, at last: also when several attempts were needed.
    public mutating func learn(
        _ operationID: OperationID, _ operation: Operation, slot: Slot, _ outcome: Outcome
    ) {
        switch outcome {
        case .committed(let lsn, let result, _):
            saw(lsn)
            remember(operationID, operation, slot)
            learnCommitted(operation, result)
        case .refused(let lsn, let code, _):
            saw(lsn)
            learnRefused(operationID, operation, slot, code)
        case .ticked(_, let lastLSN):
            if let lastLSN { saw(lastLSN) }
        case .read(let answer, _): learnRead(answer)
        case .failed, .ambiguous: break
        }
    }

    private mutating func saw(_ lsn: LSN) {
        if lsn > largestLSN ?? LSN(0) { largestLSN = lsn }
    }

    private mutating func remember(_ id: OperationID, _ operation: Operation, _ slot: Slot) {
        // A repetition is known already, and a reuse of an id must not replace its original.
        if remembered.contains(where: { $0.operationID == id }) { return }
        remembered.append(Remembered(operationID: id, operation: operation, slot: slot))
        if remembered.count > Self.mostRemembered { remembered.removeFirst() }
    }

    private mutating func learnCommitted(_ operation: Operation, _ result: CommitResult) {
        switch operation {
        case .reserve, .reserveBundle:
            guard let reservation = result.reservationID, let epoch = result.epoch,
                !past.contains(reservation),
                !leases.contains(where: { $0.reservation == reservation })
            else { return }
            leases.append(
                Lease(
                    reservation: reservation, epoch: epoch, state: .reserved,
                    deadline: result.deadline))
        case .confirm(let reservation, _, _): update(reservation) { $0.state = .confirmed }
        case .release(let reservation, _, _), .reclaim(let reservation): forget(reservation)
        case .revoke(let reservation):
            loses(reservation)
            update(reservation) { $0.state = .revoking }
            if !leases.contains(where: { $0.reservation == reservation }) {
                // Somebody else's: nobody but the revoker knows that it must be reclaimed.
                leases.append(
                    Lease(reservation: reservation, epoch: LeaseEpoch(0), state: .revoking))
            }
        case .createResource, .tickExpirations, .getResource, .getReservation: break
        }
    }

    private mutating func learnRefused(
        _ id: OperationID, _ operation: Operation, _ slot: Slot, _ code: RefusalCode
    ) {
        switch code {
        case .operationConflict, .operationTableFull, .slotOverflow:
            // Not remembered by the cluster under this id (lease-kernel.md 10).
            return
        case .noop, .alreadyExists, .resourceTableFull, .resourceNotFound, .resourceBusy,
            .bundleTooLarge, .ttlOutOfRange, .reservationTableFull, .reservationMemberTableFull,
            .reservationNotFound, .reservationRetired, .expirationIndexFull, .invalidState,
            .holderMismatch, .staleEpoch:
            remember(id, operation, slot)
        }
        switch operation {
        case .confirm(let reservation, let asked, let epoch),
            .release(let reservation, let asked, let epoch):
            let isOurs = leases.contains {
                $0.reservation == reservation && $0.epoch == epoch && asked == holder
            }
            // Refused although we are the holder and know the epoch: it was revoked, has expired
            // or is gone. A confirm of what is confirmed already changes nothing.
            if isOurs, code != .invalidState { forget(reservation) }
            if isOurs, code == .invalidState { update(reservation) { $0.state = .confirmed } }
        case .reclaim(let reservation): forget(reservation)
        case .revoke(let reservation):
            if code != .invalidState { forget(reservation) }
        case .createResource, .reserve, .reserveBundle, .tickExpirations, .getResource,
            .getReservation:
            break
        }
    }

    private mutating func learnRead(_ answer: ReadAnswer) {
        switch answer {
        case .resource(let view):
            guard view.state == .confirmed, let reservation = view.currentReservation,
                !leases.contains(where: { $0.reservation == reservation })
            else { return }
            seenElsewhere.append(reservation)
            if seenElsewhere.count > Self.mostPast { seenElsewhere.removeFirst() }
        case .lease(let view):
            if view.state.isTerminal { forget(view.reservationID) }
        case .retired:
            break
        case .notFound:
            break
        }
    }

    private mutating func update(_ reservation: ReservationID, _ body: (inout Lease) -> Void) {
        for index in leases.indices where leases[index].reservation == reservation {
            body(&leases[index])
        }
    }

    /// The epoch that it had must not be accepted any more.
    private mutating func loses(_ reservation: ReservationID) {
        guard
            let lease = leases.first(where: {
                $0.reservation == reservation && $0.epoch > LeaseEpoch(0) && $0.state != .revoking
            })
        else { return }
        lost.append(lease)
        if lost.count > Self.mostPast { lost.removeFirst() }
    }

    private mutating func forget(_ reservation: ReservationID) {
        guard leases.contains(where: { $0.reservation == reservation }) else { return }
        loses(reservation)
        leases.removeAll { $0.reservation == reservation }
        past.append(reservation)
        if past.count > Self.mostPast { past.removeFirst() }
    }
}
