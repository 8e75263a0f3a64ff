import TestSupport
import Testing

@testable import BlockServer

@Suite("the protocol of block devices, without a connection")
struct NBDConnectionTests {
    private typealias Script = NBDScript
    private static let size = 1 << 20
    /// Flags, FLUSH, FUA and many connections.
    private static let facts = Script.number(UInt64(size)) + Script.number(UInt16(0x10d))

    private struct Outcome: Equatable {
        var requests: [BlockRequest] = []
        var output: [UInt8] = []
        var end: NBDConnection.End?
    }

    /// Feeds bytes in pieces and takes every request with success.
    private static func outcome(_ bytes: [UInt8], pieces: Int = .max) -> Outcome {
        var connection = NBDConnection(BlockExport(name: "disk", size: size))
        var outcome = Outcome()
        var start = 0
        while start < bytes.count {
            let end = start + min(pieces, bytes.count - start)
            connection.feed(bytes[start..<end])
            start = end
            while let request = connection.next() {
                outcome.requests.append(request)
                if case .read(_, let count) = request.operation {
                    connection.reply(
                        .done([UInt8](repeating: 7, count: count)), to: request.cookie)
                } else {
                    connection.reply(.done([]), to: request.cookie)
                }
            }
        }
        outcome.output = connection.takeOutput()
        outcome.end = connection.end
        return outcome
    }

    private static let exported = Script.optionReply(
        3, to: 7, Script.number(UInt16(0)) + facts)

    /// What is sent after the flags, and what comes back after the greeting.
    private static let negotiations: [(String, sent: [UInt8], back: [UInt8], isOn: Bool)] = [
        ("GO without a name", Script.go, exported + Script.optionReply(1, to: 7), true),
        (
            "GO by name, asking for everything",
            Script.option(7, Script.choice("disk", asking: [0, 1, 2, 3])),
            exported
                + Script.optionReply(3, to: 7, Script.number(UInt16(1)) + Array("disk".utf8))
                + Script.optionReply(
                    3, to: 7,
                    Script.number(UInt16(3)) + Script.number(UInt32(1))
                        + Script.number(UInt32(4096))
                        + Script.number(UInt32(32 << 20)))
                + Script.optionReply(1, to: 7), true
        ),
        (
            "INFO does not begin",
            Script.option(6, Script.choice("disk")),
            Script.optionReply(3, to: 6, Script.number(UInt16(0)) + facts)
                + Script.optionReply(1, to: 6), false
        ),
        (
            "another disk", Script.option(7, Script.choice("other")),
            Script.optionReply(1 << 31 | 6, to: 7), false
        ),
        ("GO without data", Script.option(7), Script.optionReply(1 << 31 | 3, to: 7), false),
        (
            "a name longer than the option", Script.option(7, Script.number(UInt32(500)) + [1, 2]),
            Script.optionReply(1 << 31 | 3, to: 7), false
        ),
        (
            "a name of 4 GiB", Script.option(7, Script.number(UInt32.max) + [1, 2]),
            Script.optionReply(1 << 31 | 3, to: 7), false
        ),
        (
            "more questions than there are", Script.option(7, Script.choice("") + [0, 9]),
            Script.optionReply(1 << 31 | 3, to: 7), false
        ),
        (
            "LIST", Script.option(3),
            Script.optionReply(2, to: 3, Script.number(UInt32(4)) + Array("disk".utf8))
                + Script.optionReply(1, to: 3), false
        ),
        ("LIST with data", Script.option(3, [1]), Script.optionReply(1 << 31 | 3, to: 3), false),
        ("STARTTLS", Script.option(5), Script.optionReply(1 << 31 | 1, to: 5), false),
        (
            "structured replies", Script.option(8) + Script.go,
            Script.optionReply(1 << 31 | 1, to: 8) + exported + Script.optionReply(1, to: 7), true
        ),
        (
            "an option that nobody knows", Script.option(0xffff_ffff, [1, 2, 3]),
            Script.optionReply(1 << 31 | 1, to: 0xffff_ffff), false
        ),
        ("EXPORT_NAME", Script.option(1, Array("disk".utf8)), facts, true),
    ]

    @Test("options are answered, also those that nobody offers")
    func negotiation() {
        for (name, sent, back, isOn) in Self.negotiations {
            let read = Script.read(0..<4)
            let outcome = Self.outcome(Script.flags() + sent + (isOn ? read : []))
            let after = isOn ? Script.reply(to: 1, [7, 7, 7, 7]) : []
            #expect(outcome.output == Script.greeting + back + after, "\(name)")
            #expect(outcome.end == nil, "\(name)")
            #expect(outcome.requests.count == (isOn ? 1 : 0), "\(name)")
        }
    }

    @Test("a client that wants zeroes gets them")
    func zeroes() {
        let outcome = Self.outcome(Script.flags(1) + Script.option(1))
        #expect(
            outcome.output == Script.greeting + Self.facts + [UInt8](repeating: 0, count: 124))
    }

    @Test("ABORT and DISC end the connection by agreement")
    func agreed() {
        let aborted = Self.outcome(Script.flags() + Script.option(2) + Script.go)
        #expect(aborted.end == .agreed)
        #expect(aborted.output == Script.greeting + Script.optionReply(1, to: 2))
        let done = Self.outcome(Script.flags() + Script.go + Script.request(2) + Script.flush())
        #expect(done.end == .agreed && done.requests.isEmpty)
    }

    @Test("requests arrive as they were sent, with their cookies")
    func requests() {
        let outcome = Self.outcome(
            Script.flags() + Script.go + Script.read(512..<1024, cookie: 5)
                + Script.write([1, 2, 3], at: 9, cookie: 6)
                + Script.write([4], at: 10, cookie: .max, isDurable: true)
                + Script.flush(cookie: 8))
        #expect(
            outcome.requests == [
                BlockRequest(cookie: 5, .read(offset: 512, count: 512)),
                BlockRequest(cookie: 6, .write(offset: 9, [1, 2, 3], isDurable: false)),
                BlockRequest(cookie: .max, .write(offset: 10, [4], isDurable: true)),
                BlockRequest(cookie: 8, .flush),
            ])
        let replies: [[UInt8]] = [
            Script.reply(to: 5, [UInt8](repeating: 7, count: 512)), Script.reply(to: 6),
            Script.reply(to: .max), Script.reply(to: 8),
        ]
        let expected = replies.flatMap { $0 }
        #expect(Array(outcome.output.suffix(expected.count)) == expected)
    }

    /// Requests that are refused, while the connection stays.
    private static let refused: [([UInt8], error: UInt32)] = [
        (Script.request(0, offset: UInt64(size), length: 1), 22),
        (Script.request(0, offset: .max, length: 2), 22),
        (Script.request(0, length: 0), 22),
        (Script.request(0, length: .max), 22),
        (Script.request(0, length: 512, flags: 0x8000), 22),
        (Script.write([1, 2], at: UInt64(size) - 1), 28),
        (Script.write([1, 2], at: .max), 28),
        (Script.write([], at: 0), 22),
        (Script.request(1, length: 1, flags: 2, [9]), 22),
        (Script.request(3, length: 1), 22),
        (Script.request(4, length: 512), 22),
        (Script.request(6, length: 512), 22),
        (Script.request(7, length: 512), 22),
        (Script.request(0xffff), 22),
    ]

    @Test("requests that cannot be are refused, and the next is served")
    func refusals() {
        for (request, error) in Self.refused {
            let outcome = Self.outcome(
                Script.flags() + Script.go + request + Script.flush(cookie: 2))
            #expect(outcome.end == nil)
            #expect(outcome.requests == [BlockRequest(cookie: 2, .flush)], "\(request)")
            let expected = Script.reply(error: error) + Script.reply(to: 2)
            #expect(Array(outcome.output.suffix(32)) == expected, "\(request)")
        }
    }

    /// What no client of the protocol sends.
    private static let broken: [(String, [UInt8])] = [
        ("unknown flags", Script.flags(4)),
        ("no option", Script.flags() + [UInt8](repeating: 1, count: 8)),
        ("an endless option", Script.flags() + Script.option(7, length: .max)),
        ("another disk by its old name", Script.flags() + Script.option(1, [1])),
        ("no request", Script.flags() + Script.go + Script.request(0, magic: 0x2560_9514)),
        ("a write of 4 GiB", Script.flags() + Script.go + Script.request(1, length: .max)),
        (
            "a write of a byte too many",
            Script.flags() + Script.go + Script.request(1, length: 32 << 20 + 1)
        ),
    ]

    @Test("who does not keep to the protocol is done with")
    func brokenOff() {
        for (name, bytes) in Self.broken {
            let outcome = Self.outcome(bytes + Script.go + Script.flush())
            guard case .broken = outcome.end else {
                Issue.record("\(name): \(String(describing: outcome.end))")
                continue
            }
            #expect(outcome.requests.isEmpty, "\(name)")
        }
    }

    @Test("in whatever pieces bytes arrive, they mean the same")
    func pieces() {
        var texts = Self.negotiations.map { Script.flags() + $0.sent }
        texts += Self.refused.map { Script.flags() + Script.go + $0.0 + Script.flush() }
        texts += Self.broken.map(\.1)
        texts.append(
            Script.flags(1) + Script.option(1) + Script.write([1, 2, 3, 4], at: 0)
                + Script.read(0..<9) + Script.request(2))
        for text in texts {
            let whole = Self.outcome(text)
            for pieces in [1, 2, 3, 7, 29] { #expect(Self.outcome(text, pieces: pieces) == whole) }
            // Half of it is no more than half of it.
            for end in 0..<text.count {
                let part = Self.outcome(Array(text[..<end]))
                #expect(whole.requests.starts(with: part.requests))
                #expect(whole.output.starts(with: part.output))
            }
        }
    }
}
