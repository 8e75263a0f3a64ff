import History

/// What may be left out of a record so that nothing that an allocator does right looks wrong in
/// the rest.
///
/// Reads, idle ticks, failures and refusals may always go: they change nothing. What was written
/// may go where the rest names nothing that it touched, or finds it as it was: a lease that began
/// and ended between two commands that stay, or a command behind all that stays. A tick may go
/// where no lease that stays can have been due at it.
struct ExtractRules {
    let parts: RecordAtoms
    /// Whether LSNs that nobody was told of may hold something that was left out. Where they must
    /// be explained by what stays, no command that may explain them is left out.
    let mayHideEffects: Bool
    /// The atoms that were sent before the record was cut; of the others nothing is there.
    var isSent: [Bool]

    init(parts: RecordAtoms, mayHideEffects: Bool) {
        self.parts = parts
        self.mayHideEffects = mayHideEffects
        isSent = [Bool](repeating: true, count: parts.atoms.count)
    }

    /// What stays of one component.
    private struct Rest {
        var places: [LSN] = []
        var hasUntold = false
        var hasReads = false
        var lastAnswer = RunInstant(0)
        var isEmpty = true
    }

    func allow(_ kept: [Bool]) -> Bool {
        var rests = [Rest](repeating: Rest(), count: parts.componentCount)
        for (index, atom) in parts.atoms.enumerated() where kept[index] {
            guard let component = atom.component else { continue }
            rests[component].isEmpty = false
            rests[component].places += atom.places
            if atom.isUntold { rests[component].hasUntold = true }
            if atom.kind == .read {
                rests[component].hasReads = true
                rests[component].lastAnswer = max(rests[component].lastAnswer, atom.completedAt)
            }
        }
        let grants = parts.atoms.indices.filter { kept[$0] && parts.atoms[$0].dueFrom != nil }
        for (index, atom) in parts.atoms.enumerated() where !kept[index] && isSent[index] {
            switch atom.kind {
            case .read, .idleTick, .denied, .refused: continue
            case .tick: if !mayDrop(tick: atom, leaving: grants) { return false }
            case .write:
                guard mayHideEffects else { return false }
                guard let component = atom.component, !rests[component].isEmpty else { continue }
                guard isBehind(atom, rests[component]) || isOver(atom, rests[component], kept)
                else { return false }
            }
        }
        return true
    }

    private func isBehind(_ atom: RecordAtoms.Atom, _ rest: Rest) -> Bool {
        guard !atom.isUntold, let first = atom.places.first else { return false }
        return rest.places.allSatisfy { $0 < first }
            && (!rest.hasReads || atom.invokedAt > rest.lastAnswer)
    }

    private func isOver(_ atom: RecordAtoms.Atom, _ rest: Rest, _ kept: [Bool]) -> Bool {
        guard let number = atom.lease, !rest.hasUntold else { return false }
        let lease = parts.leases[number]
        guard let ended = lease.ended, lease.atoms.allSatisfy({ !kept[$0] }) else { return false }
        return rest.places.allSatisfy { $0 < lease.granted || $0 > ended }
    }

    /// Whether none of the commands that stay can have granted a lease that the tick ended.
    func mayDrop(tick: RecordAtoms.Atom, leaving grants: [Int]) -> Bool {
        guard mayHideEffects else { return false }
        let slot = parts.attempts[tick.attempts[0]].invocation.slot ?? Slot(0)
        return grants.allSatisfy { index in
            let grant = parts.atoms[index]
            guard let due = grant.dueFrom, due <= slot, grant.invokedAt < tick.completedAt else {
                return true
            }
            let left = grant.lease.map { parts.leases[$0].leftReservedAt } ?? RunInstant(.max)
            return left < tick.invokedAt
        }
    }
}
