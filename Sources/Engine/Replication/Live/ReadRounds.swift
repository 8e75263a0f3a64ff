import LeaseKernel
import SystemCalls

/// Rounds of confirmation: a read is served only when a majority has said, after the read
/// arrived, that it still follows this primary. All reads that wait share a round.
struct ReadRounds: Sendable {
    enum State: Hashable, Sendable {
        case idle
        case asking(round: UInt64, since: Instant)
    }

    private(set) var state = State.idle
    private(set) var started: UInt64 = 0
    private(set) var completed: UInt64 = 0
    private var answered: Set<ReplicaID> = []
    /// The highest round somebody waits for.
    private(set) var wanted: UInt64 = 0

    /// The round a request that arrives now must wait for: the next to begin, because answers
    /// to one that is under way may have been given before.
    mutating func join() -> UInt64 {
        wanted = started + 1
        return wanted
    }

    /// Begins the next round if somebody waits for it and none is under way.
    mutating func beginIfWanted(at now: Instant) -> UInt64? {
        guard state == .idle, wanted > completed else { return nil }
        started += 1
        answered.removeAll(keepingCapacity: true)
        state = .asking(round: started, since: now)
        return started
    }

    /// Counts an answer; true when it completes the round. The primary counts itself.
    mutating func answer(from peer: ReplicaID, round: UInt64, quorum: Int) -> Bool {
        guard case .asking(let current, _) = state, current == round else { return false }
        answered.insert(peer)
        return completeIfPossible(quorum: quorum)
    }

    /// For quorums that the primary alone forms.
    mutating func completeIfPossible(quorum: Int) -> Bool {
        guard case .asking(let current, _) = state, answered.count + 1 >= quorum else {
            return false
        }
        completed = current
        state = .idle
        return true
    }

    func hasAnswered(_ peer: ReplicaID) -> Bool { answered.contains(peer) }

    /// The question has to be put again; returns the round.
    mutating func askAgain(at now: Instant) -> UInt64? {
        guard case .asking(let round, _) = state else { return nil }
        state = .asking(round: round, since: now)
        return round
    }

    /// Nobody waits any more: an unanswered round need not be asked again.
    mutating func abandon() {
        wanted = completed
        state = .idle
    }
}
