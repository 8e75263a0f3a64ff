import SystemCalls
import Testing

@testable import Remote

extension RemoteSuites {
    @Suite("which session a job goes to")
    struct SessionChoiceTests {
        typealias Facts = SessionChoice.Facts
        let start = Instant(nanoseconds: 1_000_000_000)
        let host = SSHSession.Purpose.streams(.ipv4(1))

        func facts(
            _ purpose: SSHSession.Purpose = .commands, load: Int, takesJobs: Bool = true,
            isConnecting: Bool = false, limit: Int? = nil
        ) -> Facts {
            Facts(
                purpose: purpose, takesJobs: takesJobs, isConnecting: isConnecting, load: load,
                commandLimit: limit)
        }

        @Test("the fullest one with room, of its own purpose, that takes jobs")
        func choice() {
            let choice = SessionChoice(SSHLimits())
            let other = SSHSession.Purpose.streams(.ipv4(2))
            let cases: [(SSHSession.Purpose, [Facts], SessionChoice.Decision)] = [
                (.commands, [], .open),
                (.commands, [facts(load: 3), facts(load: 9), facts(load: 10)], .use(index: 1)),
                (.commands, [facts(load: 10)], .open),
                (.commands, [facts(load: 0, takesJobs: false)], .open),
                (.commands, [facts(host, load: 0)], .open),
                (host, [facts(other, load: 0), facts(host, load: 99)], .use(index: 1)),
                (host, [facts(host, load: 100)], .open),
                (.commands, [facts(load: 1, limit: 1)], .open),
                (host, [facts(host, load: 1, limit: 1)], .use(index: 0)),
                (.commands, Array(repeating: facts(load: 10), count: 16), .wait),
                (.commands, Array(repeating: facts(load: 10, isConnecting: true), count: 4), .wait),
                (
                    .commands, Array(repeating: facts(load: 9, isConnecting: true), count: 4),
                    .use(index: 0)
                ),
            ]
            for (purpose, sessions, decision) in cases {
                #expect(choice.decide(purpose, sessions, now: start) == decision)
            }
        }

        @Test("the pause doubles with each failure up to its limit, and success ends it")
        func backOff() {
            var choice = SessionChoice(SSHLimits())
            var pauses: [Int64] = []
            for _ in 0..<9 {
                choice.connectingFailed(now: start)
                guard case .pause(let until) = choice.decide(.commands, [], now: start) else {
                    Issue.record("no pause after a failure")
                    return
                }
                pauses.append((until - start).wholeNanoseconds / 1_000_000)
                #expect(choice.decide(.commands, [], now: until) == .open)
            }
            #expect(pauses == [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
            // A session that stands is used meanwhile.
            #expect(choice.decide(.commands, [facts(load: 0)], now: start) == .use(index: 0))
            choice.connected()
            #expect(choice.decide(.commands, [], now: start) == .open)
        }

        @Test("a server that refuses a channel is believed, down to one")
        func refused() {
            var choice = SessionChoice(SSHLimits())
            let outcomes = [4, 9, 0].map { choice.commandRefused(others: $0) }
            #expect(outcomes == [true, true, false])
            #expect(choice.decide(.commands, [facts(load: 4)], now: start) == .open)
            #expect(choice.decide(.commands, [facts(load: 3)], now: start) == .use(index: 0))
            #expect(choice.commandLimit == 4)
        }
    }
}
