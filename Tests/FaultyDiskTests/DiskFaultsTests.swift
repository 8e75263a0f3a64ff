import FaultyDisk
import SystemCalls
import Testing

@Suite("the faults of a disk")
struct DiskFaultsTests {
    static let start = Instant(nanoseconds: 1_000_000_000)
    static let end = start + .seconds(5)
    static let later = end + .milliseconds(1)

    static let table: [(DiskFault, DiskFaults.Operation, DiskFaults.Decision)] = [
        (.full, .write(growth: 10), .fail(.noSpaceLeft)),
        (.full, .write(growth: 0), .proceed),
        (.full, .create, .fail(.noSpaceLeft)),
        (.full, .sync, .proceed),
        (.full, .read, .proceed),
        (.writeError, .write(growth: 0), .fail(.inputOutput)),
        (.writeError, .sync, .proceed),
        (.writeError, .read, .proceed),
        (.syncError, .sync, .fail(.inputOutput)),
        (.syncError, .write(growth: 1), .proceed),
        (.readError, .read, .fail(.inputOutput)),
        (.readError, .sync, .proceed),
        (.writeStall, .write(growth: 1), .hold),
        (.writeStall, .sync, .proceed),
        (.syncStall, .sync, .hold),
        (.syncStall, .write(growth: 1), .proceed),
        (.readStall, .read, .hold),
        (.readStall, .write(growth: 1), .proceed),
        (.syncLie, .sync, .pretend),
        (.syncLie, .write(growth: 1), .proceed),
        (.syncLie, .read, .proceed),
        (.syncError, .write(growth: 0, isDurable: true), .fail(.inputOutput)),
        (.syncStall, .write(growth: 0, isDurable: true), .hold),
        (.syncLie, .write(growth: 0, isDurable: true), .pretend),
        (.writeError, .write(growth: 0, isDurable: true), .fail(.inputOutput)),
        (.full, .write(growth: 1, isDurable: true), .fail(.noSpaceLeft)),
    ]

    @Test("each fault hits its operations, counts them, and ends when it is switched off")
    func decisions() {
        for (fault, operation, expected) in Self.table {
            var faults = DiskFaults()
            #expect(faults.decide(operation, at: Self.start) == .proceed)
            faults.switchOn(fault, until: Self.end)
            #expect(faults.decide(operation, at: Self.start) == expected, "\(fault) \(operation)")
            #expect(faults.touched[fault] ?? 0 == (expected == .proceed ? 0 : 1))
            faults.switchOff(fault)
            #expect(faults.decide(operation, at: Self.start) == .proceed)
        }
    }

    @Test("a fault ends by itself when its lease is over", arguments: DiskFault.allCases)
    func leases(_ fault: DiskFault) {
        var faults = DiskFaults()
        faults.switchOn(fault, until: Self.end)
        #expect(faults.current(at: Self.start) == [fault])
        #expect(faults.nextEnd == Self.end)
        #expect(faults.current(at: Self.later) == [])
        for (_, operation, _) in Self.table {
            #expect(faults.decide(operation, at: Self.later) == .proceed)
        }
        #expect(faults.nextEnd == nil)
    }

    @Test("a full disk takes what still fits, cuts the next write short, and refuses the rest")
    func room() {
        var faults = DiskFaults()
        faults.switchOn(.full, until: Self.end, room: 10)
        #expect(faults.decide(.write(growth: 7), at: Self.start) == .proceed)
        #expect(faults.decide(.write(growth: 7), at: Self.start) == .cutShort(to: 3))
        #expect(faults.decide(.write(growth: 1), at: Self.start) == .fail(.noSpaceLeft))
        #expect(faults.touched == [.full: 2])
    }

    @Test("an operation that waits is counted once")
    func repeatedAttempts() {
        var faults = DiskFaults()
        faults.switchOn(.syncStall, until: Self.end)
        #expect(faults.decide(.sync, at: Self.start) == .hold)
        #expect(faults.decide(.sync, at: Self.start, isRepeated: true) == .hold)
        #expect(faults.decide(.sync, at: Self.later, isRepeated: true) == .proceed)
        #expect(faults.touched == [.syncStall: 1])
    }

    @Test("requests and replies survive the way over a line")
    func lines() {
        var requests: [DiskRequest] = [.state]
        for fault in DiskFault.allCases {
            requests += [
                .switchOn(fault, leaseMilliseconds: 5000, room: 7), .switchOff(fault),
            ]
        }
        for retention in Retention.allCases { requests.append(.cutPower(retention, seed: 9)) }
        for request in requests { #expect(DiskRequest(line: request.line) == request) }
        for line in ["", "on", "on full", "on full x 1", "off nothing", "cut all 1", "state 1"] {
            #expect(DiskRequest(line: line) == nil, "\(line)")
        }
        var report = PowerCutReport()
        report.lostWrites = 3
        report.lostBytes = 700
        report.lostNames = 1
        report.keptWrites = 2
        let state = DiskState(active: [.full], touched: [.full: 3, .readError: 1], waiting: 2)
        for reply: DiskReply in [.done, .state(state), .powerCut(report), .refused("no")] {
            #expect(DiskReply(line: reply.line) == reply)
        }
        for line in ["", "done now", "state full=on", "cut lost=1", "what"] {
            #expect(DiskReply(line: line) == nil, "\(line)")
        }
    }
}
