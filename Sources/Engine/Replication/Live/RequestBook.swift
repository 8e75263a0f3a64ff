import ClusterProtocol
import LeaseKernel
import SystemCalls

/// The client requests that wait, and for how long they may.
struct RequestBook: Sendable {
    enum Waiting: Sendable {
        /// For the entry that this submit wrote.
        case write(LSN)
        /// For the entry another submit of the same operation wrote; then it is asked again.
        case repeated(LSN, slot: Slot, payload: [UInt8])
        /// For the first confirmation after the start; then it is asked again.
        case early(slot: Slot, payload: [UInt8])
        /// For a round of confirmation, and for everything the log held at the start.
        case read(ClientRequest, round: UInt64)
        /// The same, and for every entry before it.
        case tick(Slot, round: UInt64, after: LSN)
        /// For its own expirations.
        case tickEntries(count: UInt32, last: LSN)
    }

    private var waiting: [RequestToken: (reason: Waiting, deadline: Instant)] = [:]
    private var deadlines: [(at: Instant, token: RequestToken)] = []
    private var firstDeadline = 0
    private var tokensByLSN: [LSN: [RequestToken]] = [:]

    var count: Int { waiting.count }
    var nextDeadline: Instant? {
        firstDeadline < deadlines.count ? deadlines[firstDeadline].at : nil
    }

    subscript(token: RequestToken) -> Waiting? { waiting[token]?.reason }

    /// Every limit is equally long, so deadlines come in the order of arrival.
    mutating func park(_ token: RequestToken, _ reason: Waiting, until deadline: Instant) {
        waiting[token] = (reason, deadline)
        deadlines.append((deadline, token))
        index(token, reason)
    }

    /// Waits for something else now; its deadline stays.
    mutating func change(_ token: RequestToken, to reason: Waiting) {
        waiting[token]?.reason = reason
        index(token, reason)
    }

    private mutating func index(_ token: RequestToken, _ reason: Waiting) {
        switch reason {
        case .write(let lsn), .repeated(let lsn, _, _), .tickEntries(_, let lsn):
            tokensByLSN[lsn, default: []].append(token)
        case .early, .read, .tick: break
        }
    }

    /// Takes a request out; nil when it was answered already.
    mutating func remove(_ token: RequestToken) -> (reason: Waiting, deadline: Instant)? {
        waiting.removeValue(forKey: token)
    }

    /// The requests that waited for the entry at `lsn`.
    mutating func takeTokens(at lsn: LSN) -> [RequestToken] {
        tokensByLSN.removeValue(forKey: lsn) ?? []
    }

    /// The requests whose time is up; they are no longer in the book.
    mutating func expired(at now: Instant) -> [(RequestToken, Waiting)] {
        var found: [(RequestToken, Waiting)] = []
        while firstDeadline < deadlines.count, deadlines[firstDeadline].at <= now {
            let token = deadlines[firstDeadline].token
            firstDeadline += 1
            guard let (reason, _) = waiting.removeValue(forKey: token) else { continue }
            forgetPosition(of: token, reason)
            found.append((token, reason))
        }
        compact()
        return found
    }

    /// Everything, in the order of arrival.
    mutating func takeAll() -> [(RequestToken, Waiting)] {
        var found: [(RequestToken, Waiting)] = []
        for (_, token) in deadlines[firstDeadline...] {
            if let (reason, _) = waiting.removeValue(forKey: token) {
                found.append((token, reason))
            }
        }
        self = RequestBook()
        return found
    }

    /// An entry that is never committed must not gather the tokens of everybody who gave up.
    private mutating func forgetPosition(of token: RequestToken, _ reason: Waiting) {
        switch reason {
        case .write(let lsn), .repeated(let lsn, _, _), .tickEntries(_, let lsn):
            tokensByLSN[lsn]?.removeAll { $0 == token }
            if tokensByLSN[lsn]?.isEmpty == true { tokensByLSN[lsn] = nil }
        case .early, .read, .tick: break
        }
    }

    /// Drops deadlines of requests that were answered, so that nobody wakes up for them.
    mutating func dropAnswered() {
        while firstDeadline < deadlines.count,
            waiting[deadlines[firstDeadline].token] == nil
        {
            firstDeadline += 1
        }
        compact()
    }

    /// Answered requests leave their deadline behind until it passes; when those are many, the
    /// buffer is rebuilt at a cost the answers have paid for.
    private mutating func compact() {
        guard firstDeadline > 1024, firstDeadline * 2 >= deadlines.count else { return }
        deadlines.removeFirst(firstDeadline)
        firstDeadline = 0
    }
}
