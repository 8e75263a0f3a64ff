import History
import LeaseKernel

/// Proves that a record is legal: finds, for every LSN, what may stand there, such that the
/// engine's kernel gives every answer of the record in an order that real time allows.
///
/// It shares nothing with the judge: it is a plain search over the kernel that generated the
/// record, tries what really happened first, and then everything else. It says yes only with a
/// whole explanation in its hands; no means that it found none within its bound.
struct LegalityProof {
    private typealias Entry = RecordEditor.Entry

    /// What stands at an LSN, and between which moments it took effect.
    private struct Place {
        let from: UInt64
        let through: UInt64
        let tick: Int?
        let lease: History.ReservationID?
    }

    private struct Told {
        let id: History.OperationID
        let operation: History.Operation
        let outcome: Outcome
        var answeredAt: UInt64
        var executed: Int?
    }

    private let entries: [RecordEditor.Entry]
    private let truth: [Execution.Effect]
    private let byAttempt: [AttemptNumber: Int]
    private let ticks: [Int]
    private let ambiguous: [Int]
    private var told: [UInt64: Told] = [:]
    private let last: UInt64
    private var isContradictory = false
    private var budget: Int

    private var kernels: [Kernel] = []
    private var places: [Place] = []
    private var used: Set<Int> = []
    private let start: OracleAllocator

    static func exists(
        for editor: RecordEditor, truth: [Execution.Effect], budget: Int = 3000
    ) throws -> Bool {
        var proof = LegalityProof(
            editor, truth, budget: budget, start: try OracleAllocator(limits: editor.header.limits))
        return proof.search()
    }

    private init(
        _ editor: RecordEditor, _ truth: [Execution.Effect], budget: Int, start: OracleAllocator
    ) {
        entries = editor.entries
        self.truth = truth
        self.budget = budget
        self.start = start
        byAttempt = Dictionary(
            editor.entries.enumerated().map { ($0.element.invocation.attempt, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        ticks = editor.entries.indices.filter {
            editor.entries[$0].invocation.operation == .tickExpirations
                && editor.entries[$0].mayHaveRun
        }
        ambiguous = editor.entries.indices.filter {
            editor.entries[$0].invocation.operation.carriesID
                && editor.entries[$0].isUnanswered
        }
        last = editor.lastLSN
        for index in entries.indices { take(index) }
        kernels = [start.kernel]
    }

    private mutating func take(_ index: Int) {
        let entry = entries[index]
        if entry.answeredAt < entry.invokedAt { isContradictory = true }
        guard let (lsn, answer, isCached) = entry.outcome?.witness,
            let id = entry.invocation.operationID
        else { return }
        var known =
            told[lsn]
            ?? Told(
                id: id, operation: entry.invocation.operation, outcome: answer,
                answeredAt: entry.answeredAt.rawValue, executed: nil)
        if known.id != id || known.operation != entry.invocation.operation
            || known.outcome != answer
        {
            isContradictory = true
        }
        known.answeredAt = min(known.answeredAt, entry.answeredAt.rawValue)
        if !isCached {
            // One attempt executes a command; all others are answered from memory.
            if known.executed != nil { isContradictory = true }
            known.executed = index
        }
        told[lsn] = known
    }

    // MARK: - The log

    private mutating func search() -> Bool {
        guard !isContradictory, told[0] == nil, last < 10_000 else { return false }
        return extend(from: 1, latest: 0)
    }

    /// Whether the log can be continued from an LSN on; `latest` is the moment before which the
    /// last effect cannot have been.
    private mutating func extend(from lsn: UInt64, latest: UInt64) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        if lsn > last, observationsFit() { return true }
        // Behind the last LSN that anybody was told of only what really happened is tried.
        if lsn > last, lsn > UInt64(truth.count) { return false }
        for candidate in candidates(at: lsn) {
            guard let (kernel, place) = apply(candidate, at: lsn),
                latest <= place.through
            else { continue }
            kernels.append(kernel)
            places.append(place)
            if case .attempt(let index) = candidate { used.insert(index) }
            if extend(from: lsn + 1, latest: max(latest, place.from)) { return true }
            if case .attempt(let index) = candidate { used.remove(index) }
            kernels.removeLast()
            places.removeLast()
        }
        return false
    }

    private enum Candidate: Hashable {
        case attempt(Int)
        case expiry(History.ReservationID, tick: Int)
    }

    private func candidates(at lsn: UInt64) -> [Candidate] {
        if let command = told[lsn] {
            if let executed = command.executed { return [.attempt(executed)] }
            return ambiguous.filter {
                entries[$0].invocation.operationID == command.id
                    && entries[$0].invocation.operation == command.operation
            }.map(Candidate.attempt)
        }
        var candidates: [Candidate] = []
        if lsn <= UInt64(truth.count) {
            switch truth[Int(lsn) - 1] {
            case .command(let attempt):
                if let index = byAttempt[attempt], ambiguous.contains(index) {
                    candidates.append(.attempt(index))
                }
            case .expiry(let id, let tick, _):
                if let index = byAttempt[tick], ticks.contains(index) {
                    candidates.append(.expiry(id, tick: index))
                }
            }
        }
        guard lsn <= last else { return candidates }
        let kernel = kernels[kernels.count - 1]
        var others: [Candidate] = []
        for tick in ticks {
            let slot = LeaseKernel.Slot(entries[tick].invocation.slot?.rawValue ?? 0)
            for lease in kernel.dueReservations(at: slot, limit: 1000) {
                others.append(.expiry(History.ReservationID(lease.id.rawValue), tick: tick))
            }
        }
        others += ambiguous.map(Candidate.attempt)
        // What a tick chose may have ended before its turn.
        for tick in ticks {
            let slot = LeaseKernel.Slot(entries[tick].invocation.slot?.rawValue ?? 0)
            for kernel in kernels.suffix(6).dropLast() {
                for lease in kernel.dueReservations(at: slot, limit: 1000) {
                    let idle = Candidate.expiry(
                        History.ReservationID(lease.id.rawValue), tick: tick)
                    if !others.contains(idle) { others.append(idle) }
                }
            }
        }
        return candidates + others.filter { !candidates.contains($0) }
    }

    private func apply(_ candidate: Candidate, at lsn: UInt64) -> (Kernel, Place)? {
        var oracle = start.resumed(kernels[kernels.count - 1], at: lsn - 1)
        switch candidate {
        case .attempt(let index):
            let entry = entries[index]
            guard !used.contains(index), let id = entry.invocation.operationID else { return nil }
            let outcome = try? oracle.submit(
                entry.invocation.operation, id: id, slot: entry.invocation.slot ?? Slot(0))
            guard let (found, answer, isCached) = outcome?.witness, !isCached, found == lsn,
                told[lsn].map({ $0.outcome == answer }) ?? true
            else { return nil }
            let through = told[lsn]?.answeredAt ?? .max
            let place = Place(
                from: entry.invokedAt.rawValue, through: through, tick: nil, lease: nil)
            return (oracle.kernel, place)
        case .expiry(let id, let tick):
            let entry = entries[tick]
            if case .ticked(let applied, let reported) = entry.outcome {
                let before = places.count { $0.tick == tick }
                guard let reported, before < Int(applied), lsn <= reported.rawValue,
                    (before + 1 == Int(applied)) == (lsn == reported.rawValue)
                else { return nil }
            }
            guard
                let lease = DueReservation.of(LeaseKernel.ReservationID(id.rawValue), in: kernels),
                (try? oracle.expire(lease, at: entry.invocation.slot ?? Slot(0))) != nil
            else { return nil }
            let through = entry.isUnanswered ? .max : entry.answeredAt.rawValue
            let place = Place(
                from: entry.invokedAt.rawValue, through: through, tick: tick, lease: id)
            return (oracle.kernel, place)
        }
    }

    // MARK: - What was seen of the log

    /// Reads, answers from memory and the choices of ticks: each shows the log as it was at some
    /// LSN between its sending and its answer, none goes back behind an earlier one.
    private func observationsFit() -> Bool {
        let seers = entries.indices.filter { observes(entries[$0]) }
            .sorted { entries[$0].invokedAt < entries[$1].invokedAt }
        var done: [(answeredAt: UInt64, place: Int)] = []
        for index in seers {
            let entry = entries[index]
            let answeredAt = entry.isUnanswered ? UInt64.max : entry.answeredAt.rawValue
            let acknowledged = places.lastIndex { $0.through < entry.invokedAt.rawValue }
            let earlier = done.filter { $0.answeredAt < entry.invokedAt.rawValue }.map(\.place)
            let floor = max((acknowledged ?? -1) + 1, earlier.max() ?? 0)
            let ceiling = places.firstIndex { $0.from > answeredAt } ?? places.count
            guard floor <= ceiling,
                let place = (floor...ceiling).first(where: { fits(index, at: $0) })
            else { return false }
            // A tick sees the log when it chooses, which need not be when it ends.
            if entry.invocation.operation != .tickExpirations { done.append((answeredAt, place)) }
        }
        return true
    }

    private func observes(_ entry: RecordEditor.Entry) -> Bool {
        switch entry.outcome {
        case .read, .ticked, .failed(.fenceNotApplied), .committed(_, _, true),
            .refused(_, _, true):
            true
        case .committed, .refused, .failed, .ambiguous, nil: false
        }
    }

    private func fits(_ index: Int, at lsn: Int) -> Bool {
        let entry = entries[index]
        let oracle = start.resumed(kernels[lsn], at: UInt64(lsn))
        let slot = entry.invocation.slot ?? Slot(0)
        switch entry.outcome {
        case .read(let answer, _):
            guard case .read(let shown, _) = oracle.read(entry.invocation.operation, slot: slot)
            else { return false }
            return shown == answer
        case .failed(.fenceNotApplied):
            return oracle.read(entry.invocation.operation, slot: slot) == entry.outcome
        case .committed(_, _, true), .refused(_, _, true):
            var copy = oracle
            return
                (try? copy.submit(
                    entry.invocation.operation, id: entry.invocation.operationID ?? OperationID(0),
                    slot: slot)) == entry.outcome
        case .ticked:
            let chosen = oracle.dueLeases(at: slot).map { History.ReservationID($0.id.rawValue) }
            let expired = places.enumerated().filter { $0.element.tick == index }
            guard expired.allSatisfy({ $0.offset >= lsn }) else { return false }
            return chosen == expired.compactMap(\.element.lease) && reportFits(entry, expired.count)
        case .committed, .refused, .failed, .ambiguous, nil: return true
        }
    }

    private func reportFits(_ entry: RecordEditor.Entry, _ count: Int) -> Bool {
        guard case .ticked(let applied, let last) = entry.outcome else { return true }
        return Int(applied) == count && (last == nil) == (count == 0)
    }
}

extension DueReservation {
    /// The reservation as a tick may have chosen it at any time before.
    static func of(_ id: LeaseKernel.ReservationID, in kernels: [Kernel]) -> DueReservation? {
        let found = kernels.reversed().lazy.compactMap { kernel in
            kernel.dueReservations(at: LeaseKernel.Slot(.max), limit: 1000).first { $0.id == id }
        }
        return found.first
    }
}

extension Outcome {
    /// The place in the log that an answer names, without the flag of its origin.
    var witness: (UInt64, Outcome, isCached: Bool)? {
        switch self {
        // A remembered conflict names the LSN of the other command.
        case .refused(_, .operationConflict, fromRetryCache: true): nil
        case .committed(let lsn, let result, let isCached):
            (lsn.rawValue, .committed(lsn, result, fromRetryCache: false), isCached)
        case .refused(let lsn, let code, let isCached):
            (lsn.rawValue, .refused(lsn, code, fromRetryCache: false), isCached)
        case .ticked, .read, .failed, .ambiguous: nil
        }
    }
}

extension RecordEditor.Entry {
    /// Never answered, or in a way that says nothing.
    var isUnanswered: Bool { outcome?.isAmbiguous ?? true }

    var mayHaveRun: Bool {
        if case .ticked = outcome { true } else { isUnanswered }
    }
}
