import History

/// Writes down what stays of a record, with what an extract says about the rest.
struct ExtractBuilder {
    let parts: RecordAtoms

    /// The first `eventCount` events, as far as they belong to atoms that stay.
    func record(
        keeping kept: [Bool], first eventCount: Int, mayHideEffects: Bool
    ) -> RunRecord {
        let whole = parts.record
        var events: [HistoryEvent] = []
        for (index, atom) in parts.atomOfEvent[..<eventCount].enumerated() {
            if let atom, kept[atom] { events.append(whole.events[index]) }
        }
        var header = whole.header
        header.origin = .extract(
            RecordExtract(
                of: UInt64(whole.events.count), mayHideEffects: mayHideEffects,
                leftOut: stretches(keeping: kept, through: Self.horizon(of: events))))
        return RunRecord(
            header: header, events: events,
            isComplete: whole.isComplete && eventCount == whole.events.count)
    }

    /// The largest LSN that an answer names.
    private static func horizon(of events: [HistoryEvent]) -> LSN {
        var last = LSN(0)
        for event in events {
            guard case .complete(_, let outcome) = event.content else { continue }
            switch outcome {
            case .committed(let lsn, _, _), .refused(let lsn, _, _): last = max(last, lsn)
            case .ticked(_, let lsn?): last = max(last, lsn)
            case .ticked(_, nil), .read, .failed, .ambiguous: break
            }
        }
        return last
    }

    private func stretches(
        keeping kept: [Bool], through last: LSN
    ) -> [RecordExtract.LeftOut] {
        var rests = [Bool](repeating: false, count: parts.componentCount)
        var taken: Set<LSN> = []
        for (index, atom) in parts.atoms.enumerated() where kept[index] {
            if let component = atom.component { rests[component] = true }
            taken.formUnion(atom.places)
        }
        var stretches: [Stretch] = []
        for (lsn, atom) in parts.places where !kept[atom] && lsn <= last && lsn > LSN(0) {
            guard !taken.contains(lsn) else { continue }
            if stretches.last.map({ lsn.rawValue > $0.last.rawValue + 1 }) ?? true {
                stretches.append(Stretch(first: lsn, last: lsn))
            }
            let end = stretches.count - 1
            stretches[end].last = lsn
            if let slot = parts.atoms[atom].slot {
                stretches[end].slot = max(stretches[end].slot ?? slot, slot)
            }
            if let component = parts.atoms[atom].component, rests[component],
                let lease = parts.atoms[atom].lease, parts.leases[lease].changes.contains(lsn)
            {
                for member in parts.leases[lease].members {
                    stretches[end].changes[member, default: 0] += 1
                }
            }
        }
        return stretches.map(\.leftOut)
    }

    private struct Stretch {
        let first: LSN
        var last: LSN
        var slot: Slot?
        var changes: [ResourceID: UInt64] = [:]

        var leftOut: RecordExtract.LeftOut {
            RecordExtract.LeftOut(
                first: first, last: last, slot: slot,
                changes: changes.sorted { $0.key < $1.key }.map { .init($0.key, count: $0.value) })
        }
    }
}
