import History
import Randomness
import SystemCalls
import Testing

@testable import Workload

@Suite struct SlotLedgerTests {
    static let rule = SlotLedger.Rule(
        commandsPerSlot: 2, slotAge: .seconds(1), windowSlots: 4, remembered: 6)
    static let start = Instant(nanoseconds: 1_000_000_000)

    static func ledger() -> SlotLedger {
        SlotLedger(rule: rule, startingAt: Slot(10), now: start)
    }

    static func expect(
        _ seen: SlotLedger.Admission, _ wanted: SlotLedger.Admission,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(seen == wanted, sourceLocation: location)
    }

    @Test("commands in flight carry one slot, and a due advance waits for all of them")
    func barrier() {
        var ledger = Self.ledger()
        Self.expect(ledger.beginNew(now: Self.start), .granted(Slot(10)))
        Self.expect(ledger.beginNew(now: Self.start), .granted(Slot(10)))
        Self.expect(ledger.beginNew(now: Self.start), .barrier)
        let repeated = ledger.beginRepeat(now: Self.start)
        #expect(!repeated)
        ledger.end(.settled, now: Self.start)
        Self.expect(ledger.beginNew(now: Self.start), .barrier)
        #expect(ledger.current == Slot(10))
        ledger.end(.settled, now: Self.start)
        Self.expect(ledger.beginNew(now: Self.start), .granted(Slot(11)))
    }

    @Test("an unresolved command holds its slot until the log answers, and others go on in it")
    func unresolvedHolds() {
        var ledger = Self.ledger()
        _ = ledger.beginNew(now: Self.start)
        _ = ledger.beginNew(now: Self.start)
        Self.expect(ledger.beginNew(now: Self.start), .barrier)
        ledger.end(.becameUnresolved, now: Self.start)
        let later = Self.start + .seconds(60)
        Self.expect(ledger.beginNew(now: later), .granted(Slot(10)))
        ledger.end(.settled, now: later)
        ledger.end(.settled, now: later)
        var granted = ledger.beginRepeat(now: later)
        #expect(granted)
        ledger.end(.repeated, now: later)
        #expect(ledger.current == Slot(10))
        granted = ledger.beginRepeat(now: later)
        #expect(granted)
        ledger.end(.resolved, now: later)
        #expect(ledger.current == Slot(11))
    }

    @Test("a pace may jump over slots, which count as passed for what the cluster remembers")
    func jumps() {
        var rule = Self.rule
        rule.jumpEvery = 2
        rule.jumpBy = 5
        var ledger = SlotLedger(rule: rule, startingAt: Slot(10), now: Self.start)
        var seen: [UInt64] = []
        for _ in 0..<6 {
            guard case .granted(let slot) = ledger.beginNew(now: Self.start) else { break }
            seen.append(slot.rawValue)
            ledger.end(.settled, now: Self.start)
        }
        // The jump is longer than the window: what came before it is forgotten.
        #expect(seen == [10, 10, 11, 11, 16, 16])
        #expect(ledger.remembered == 2)
    }

    @Test("a slot that lasts takes only so many commands as there is room for ended leases")
    func longSlot() {
        var rule = Self.rule
        rule.commandsPerSlot = 100
        rule.remembered = 100
        rule.mostInSlot = 3
        var ledger = SlotLedger(rule: rule, startingAt: Slot(10), now: Self.start)
        for _ in 0..<3 {
            Self.expect(ledger.beginNew(now: Self.start), .granted(Slot(10)))
            ledger.end(.settled, now: Self.start)
        }
        Self.expect(ledger.beginNew(now: Self.start), .full)
        Self.expect(ledger.beginNew(now: Self.start + .seconds(2)), .granted(Slot(11)))
    }

    @Test("a slot advances by age even when nothing is sent in it")
    func age() {
        var ledger = Self.ledger()
        Self.expect(ledger.beginNew(now: Self.start + .seconds(2)), .granted(Slot(11)))
    }

    @Test("the cluster's memory is never filled, and counts only what was executed")
    func occupancy() {
        var ledger = Self.ledger()
        var now = Self.start
        for _ in 0..<3 {
            for _ in 0..<2 {
                guard case .granted = ledger.beginNew(now: now) else {
                    Issue.record("room for six")
                    return
                }
            }
            ledger.end(.settled, now: now)
            ledger.end(.settled, now: now)
        }
        #expect(ledger.remembered == 6)
        Self.expect(ledger.beginNew(now: now), .full)
        // Two slots of age later the window has moved past the first two commands.
        for _ in 0..<2 {
            now = now + .seconds(2)
            _ = ledger.beginNew(now: now)
        }
        #expect(ledger.remembered == 5)
        ledger.end(.notExecuted, now: now)
        #expect(ledger.remembered == 4)
    }

    @Test(
        "however clients interleave and fail, the cluster never sees a slot run backwards",
        arguments: UInt64(1)...40)
    func neverBackwards(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ledger = SlotLedger(
            rule: .init(
                commandsPerSlot: 3, slotAge: .milliseconds(20), windowSlots: 8, remembered: 100),
            startingAt: Slot(1), now: Self.start)
        var now = Self.start
        // Requests on their way, in no order; those whose sender has given up may still arrive.
        var inFlight: [(slot: Slot, isRetryOf: Int?)] = []
        var unresolved: [(id: Int, slot: Slot, mayArrive: Bool)] = []
        var executed: Set<Int> = []
        var highest = Slot(0)
        var nextID = 0
        for _ in 0..<2000 {
            now = now + .milliseconds(Int64(random.below(5)))
            switch random.below(4) {
            case 0:
                if case .granted(let slot) = ledger.beginNew(now: now) {
                    inFlight.append((slot, nil))
                }
            case 1:
                guard !inFlight.isEmpty else { continue }
                let arriving = inFlight.remove(at: random.index(below: inFlight.count))
                #expect(arriving.slot >= highest, "seed \(seed)")
                if let id = arriving.isRetryOf {
                    executed.insert(id)
                    unresolved.removeAll { $0.id == id }
                    ledger.end(.resolved, now: now)
                } else if random.chance(0.2) {
                    // The sender hears nothing; the request may be executed, now or later.
                    ledger.end(.becameUnresolved, now: now)
                    unresolved.append((nextID, arriving.slot, true))
                    nextID += 1
                } else {
                    ledger.end(.settled, now: now)
                }
                highest = max(highest, arriving.slot)
            case 2:
                // A request without a sender arrives at last; known ones are answered from the
                // table, so only unknown ones matter.
                for entry in unresolved where !executed.contains(entry.id) && random.chance(0.3) {
                    #expect(entry.slot >= highest, "seed \(seed)")
                    executed.insert(entry.id)
                }
            default:
                let idle = unresolved.filter { entry in
                    !inFlight.contains { $0.isRetryOf == entry.id }
                }
                if let entry = idle.first, ledger.beginRepeat(now: now) {
                    inFlight.append((entry.slot, entry.id))
                }
            }
        }
        #expect(highest > Slot(20), "time moved on")
    }
}
