public import History
import Synchronization
import SystemCalls

/// The one `SlotLedger` of a run, shared by its clients' threads.
public final class SlotClock: Sendable {
    private let ledger: Mutex<SlotLedger>

    public init(_ ledger: SlotLedger) {
        self.ledger = Mutex(ledger)
    }

    public var current: Slot { ledger.withLock { $0.current } }
    public var unresolved: Int { ledger.withLock { $0.unresolved } }

    public func beginNew() -> SlotLedger.Admission { ledger.withLock { $0.beginNew(now: .now) } }
    public func beginRepeat() -> Bool { ledger.withLock { $0.beginRepeat(now: .now) } }
    public func end(_ ending: SlotLedger.Ending) { ledger.withLock { $0.end(ending, now: .now) } }
}
