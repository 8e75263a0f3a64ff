import History

/// A record taken apart into what an extract keeps or leaves out as one: a read, a tick, or all
/// attempts under one operation id, whose answers speak of each other.
struct RecordAtoms {
    struct Atom {
        enum Kind: Hashable {
            case read
            /// A tick that expired nothing, or was certainly not carried out.
            case idleTick
            case tick
            /// Commands of which every attempt certainly failed.
            case denied
            /// Commands that the log refused: they changed nothing but took their places in it.
            case refused
            /// Commands that changed something, or may have.
            case write
        }

        let kind: Kind
        var attempts: [Int]
        /// What it names, as far as that hangs together; nil for ticks.
        var component: Int?
        /// Where its commands stand in the log, as far as anybody was told.
        var places: [LSN] = []
        /// Whether it may stand where nobody was told of it.
        var isUntold = false
        var invokedAt: RunInstant
        var completedAt: RunInstant
        /// The log had reached at least this slot with it.
        var slot: Slot?
        /// Of a command that may have granted a lease: the earliest slot at which that is due.
        var dueFrom: Slot?
        var lease: Int?
    }

    /// A lease of which everything that changed it was told, from its grant on.
    struct Lease {
        let members: [ResourceID]
        var atoms: [Int]
        let granted: LSN
        var changes: [LSN]
        /// When it was first told to be reserved no longer.
        var leftReservedAt = RunInstant(.max)
        var ended: LSN?
    }

    let record: RunRecord
    private(set) var attempts: [Attempt] = []
    private(set) var atoms: [Atom] = []
    private(set) var leases: [Lease] = []
    private(set) var componentCount = 0
    /// The atom of each event; nil for faults and notes.
    private(set) var atomOfEvent: [Int?] = []
    /// Every place that anybody was told of, ascending, with the atom that takes it.
    private(set) var places: [(lsn: LSN, atom: Int)] = []

    /// Takes a record that is whole in itself (`RecordIntegrity`).
    init(_ record: RunRecord) {
        self.record = record
        attempts = RecordIntegrity(record.events).attempts
        var byID: [OperationID: Int] = [:]
        for (index, attempt) in attempts.enumerated() {
            if let id = attempt.invocation.operationID, attempt.invocation.operation.isMutating {
                if let atom = byID[id] {
                    atoms[atom].attempts.append(index)
                    continue
                }
                byID[id] = atoms.count
            }
            atoms.append(
                Atom(
                    kind: .read, attempts: [index], invokedAt: attempt.invokedAt,
                    completedAt: attempt.completedAt ?? RunInstant(.max)))
        }
        for index in atoms.indices { atoms[index] = classified(atoms[index]) }
        findLeases()
        let groups = atoms.map { atom in atom.attempts.map { attempts[$0] } }
        var names = NamedThings(groups)
        for index in atoms.indices {
            atoms[index].component = names.component(of: groups[index])
        }
        componentCount = names.componentCount
        places = atoms.indices.flatMap { atom in atoms[atom].places.map { ($0, atom) } }
        places.sort { $0.lsn < $1.lsn }
        assignEvents()
    }

    private mutating func assignEvents() {
        var atomOfAttempt: [AttemptNumber: Int] = [:]
        for (index, atom) in atoms.enumerated() {
            for attempt in atom.attempts {
                atomOfAttempt[attempts[attempt].invocation.attempt] = index
            }
        }
        atomOfEvent = record.events.map { event in
            switch event.content {
            case .invoke(let invocation): atomOfAttempt[invocation.attempt]
            case .complete(let attempt, _): atomOfAttempt[attempt]
            case .fault, .note: nil
            }
        }
    }

    // MARK: - One atom

    private func classified(_ atom: Atom) -> Atom {
        let attempts = atom.attempts.map { self.attempts[$0] }
        guard let first = attempts.first, first.invocation.operation.isMutating else { return atom }
        if first.invocation.operation == .tickExpirations {
            return with(atom, Self.isIdle(first) ? .idleTick : .tick)
        }
        let executable = attempts.filter(\.mayHaveExecuted)
        guard !executable.isEmpty else { return with(atom, .denied) }
        var isAcknowledged = false
        var told: Set<LSN> = []
        var settled: Set<Operation> = []
        for attempt in executable {
            switch attempt.outcome {
            case .committed(let lsn, _, _):
                isAcknowledged = true
                told.insert(lsn)
                settled.insert(attempt.invocation.operation)
            case .refused(_, .operationConflict, fromRetryCache: true):
                settled.insert(attempt.invocation.operation)
            case .refused(let lsn, _, _):
                told.insert(lsn)
                settled.insert(attempt.invocation.operation)
            case .ticked, .read, .failed, .ambiguous: break
            }
        }
        var result = atom
        result.places = told.sorted()
        result.isUntold = executable.contains {
            $0.isAmbiguous && !settled.contains($0.invocation.operation)
        }
        result.invokedAt = executable.map(\.invokedAt).min() ?? atom.invokedAt
        result.completedAt =
            attempts.map { $0.completedAt ?? RunInstant(.max) }.max() ?? atom.completedAt
        let slots = executable.compactMap(\.invocation.slot)
        result.slot = slots.min()
        for attempt in executable {
            guard let ttl = attempt.invocation.operation.ttl, let slot = attempt.invocation.slot
            else { continue }
            result.dueFrom = min(result.dueFrom ?? Slot(.max), slot.adding(ttl))
        }
        return with(result, isAcknowledged || result.isUntold ? .write : .refused)
    }

    private func with(_ atom: Atom, _ kind: Atom.Kind) -> Atom {
        var result = Atom(
            kind: kind, attempts: atom.attempts, invokedAt: atom.invokedAt,
            completedAt: atom.completedAt)
        result.places = atom.places
        result.isUntold = atom.isUntold
        result.slot = atom.slot
        result.dueFrom = atom.dueFrom
        return result
    }

    private static func isIdle(_ tick: Attempt) -> Bool {
        switch tick.outcome {
        case .failed: true
        case .ticked(let applied, let last): applied == 0 && last == nil
        case .committed, .refused, .read, .ambiguous: false
        }
    }

    // MARK: - Leases

    private mutating func findLeases() {
        var byID: [ReservationID: Int] = [:]
        var doubtful: Set<ReservationID> = []
        for pass in [Pass.grants, .steps] {
            for index in atoms.indices where atoms[index].kind == .write {
                take(index, pass, &byID, &doubtful)
            }
        }
        // What was done to it without anybody being told may have ended it.
        for id in doubtful {
            if let lease = byID[id] { leases[lease].ended = nil }
        }
    }

    private enum Pass {
        case grants
        case steps
    }

    private mutating func take(
        _ index: Int, _ pass: Pass, _ byID: inout [ReservationID: Int],
        _ doubtful: inout Set<ReservationID>
    ) {
        let atom = atoms[index]
        let isPlain = atom.places.count == 1 && !atom.isUntold
        for number in atom.attempts {
            let attempt = attempts[number]
            let operation = attempt.invocation.operation
            guard isPlain else {
                if let id = operation.reservationID { doubtful.insert(id) }
                continue
            }
            guard case .committed(let lsn, let result, _) = attempt.outcome else { continue }
            switch pass {
            case .grants:
                guard let id = result.reservationID, let members = operation.members,
                    atoms[index].lease == nil
                else { continue }
                if byID[id] != nil { doubtful.insert(id) }
                byID[id] = leases.count
                atoms[index].lease = leases.count
                leases.append(
                    Lease(members: members, atoms: [index], granted: lsn, changes: [lsn]))
            case .steps:
                guard let id = operation.reservationID, let lease = byID[id],
                    atoms[index].lease == nil
                else { continue }
                atoms[index].lease = lease
                leases[lease].atoms.append(index)
                leases[lease].changes.append(lsn)
                leases[lease].leftReservedAt = min(
                    leases[lease].leftReservedAt, attempt.completedAt ?? RunInstant(.max))
                if operation.endsLease { leases[lease].ended = lsn }
            }
        }
    }
}

extension Operation {
    var members: [ResourceID]? {
        switch self {
        case .reserve(let id, _, _): [id]
        case .reserveBundle(let ids, _, _): ids
        case .createResource, .confirm, .release, .revoke, .reclaim, .tickExpirations,
            .getResource, .getReservation:
            nil
        }
    }

    fileprivate var endsLease: Bool {
        switch self {
        case .release, .reclaim: true
        case .createResource, .reserve, .reserveBundle, .confirm, .revoke, .tickExpirations,
            .getResource, .getReservation:
            false
        }
    }
}
