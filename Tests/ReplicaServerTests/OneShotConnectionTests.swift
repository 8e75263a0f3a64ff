import SystemCalls
import Testing

@testable import ReplicaServer

/// Event -> action, for the life of one request.
@Suite struct OneShotConnectionTests {
    private func at(_ milliseconds: UInt64) -> Instant {
        Instant(nanoseconds: milliseconds * 1_000_000)
    }

    private func make(bytes: Int = 10) -> OneShotConnection {
        var limits = PortLimits.standard(for: .client)
        limits.requestBytes = bytes
        return OneShotConnection(limits: limits, at: at(0))
    }

    @Test("a request is served when its end arrives, and the connection ends with the answer")
    func plain() {
        var machine = make()
        #expect(machine.received([1, 2], at: at(1)) == .wait)
        #expect(machine.received([3], at: at(2)) == .wait)
        #expect(machine.inputEnded(at: at(3)) == .serve([1, 2, 3]))
        #expect(!machine.wantsInput)
        #expect(machine.reply([7, 8, 9], at: at(4)) == .write)
        #expect(machine.reply([1], at: at(4)) == .wait)
        #expect(machine.wrote(2, at: at(5)) == .wait)
        #expect(Array(machine.unsent) == [9])
        #expect(machine.wrote(1, at: at(6)) == .close)
    }

    @Test("an answer before the end of the request lingers, so that it is not overtaken")
    func early() {
        var machine = make(bytes: 2)
        #expect(machine.received([1, 2], at: at(1)) == .wait)
        #expect(machine.received([3], at: at(1)) == .refuse(.tooLarge))
        #expect(machine.reply([9], at: at(1)) == .write)
        #expect(machine.wrote(1, at: at(2)) == .endSending)
        #expect(machine.received([4, 5, 6, 7], at: at(3)) == .wait)
        #expect(machine.tick(at: at(501)) == .wait)
        #expect(machine.inputEnded(at: at(501)) == .close)
        var other = make()
        _ = other.reply([9], at: at(1))
        _ = other.wrote(1, at: at(2))
        #expect(other.tick(at: at(502)) == .close)
    }

    @Test("the idle limit restarts with each byte, the limit of the whole request does not")
    func slow() {
        var machine = make(bytes: 1000)
        var now: UInt64 = 0
        while now < 60_000 {
            #expect(
                machine.tick(at: at(now + 499)) == (now + 499 < 60_000 ? .wait : .refuse(.timedOut))
            )
            now += 499
            guard case .reading = machine.state else { return }
            #expect(machine.received([1], at: at(now)) == .wait)
        }
        Issue.record("the request was never cut off")
    }

    @Test("a peer that takes nothing of its answer, and an answer that never comes, end")
    func stuck() {
        var machine = make()
        _ = machine.inputEnded(at: at(0))
        #expect(machine.tick(at: at(29_999)) == .wait)
        #expect(machine.tick(at: at(30_000)) == .close)
        var writing = make()
        _ = writing.inputEnded(at: at(0))
        _ = writing.reply([1, 2], at: at(0))
        _ = writing.wrote(1, at: at(4_000))
        #expect(writing.tick(at: at(8_999)) == .wait)
        #expect(writing.tick(at: at(9_000)) == .close)
    }
}
