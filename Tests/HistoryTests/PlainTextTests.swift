import Randomness
import SystemCalls
import TestSupport
import Testing

@testable import History

/// The fast decoder may leave any line to the other one; what it takes it must read as that does.
@Suite("Lines of text version 1 in a fixed size")
struct PlainTextTests {
    private static let common = "sequence=7 process=c1 time_millis=1795000000000 "
    private static let id = "operation_id=1000000000000000000003 "

    /// One line of each make that the writers of histories put.
    static let lines = [
        common + "operation=reserve " + id + "resource_id=3 holder_id=12 request_slot=9 "
            + "ttl_slots=5 outcome=committed_write applied_lsn=4 write_result=reserved "
            + "committed_reservation_id=4 committed_holder_id=12 committed_lease_epoch=1 "
            + "expires_at_slot=14",
        common + "operation=reserve_bundle " + id + "resource_id=3 resource_ids=3,4,77 "
            + "holder_id=12 request_slot=9 ttl_slots=5 outcome=committed_write applied_lsn=4 "
            + "write_result=reserved committed_reservation_id=4 committed_holder_id=12 "
            + "committed_lease_epoch=1 expires_at_slot=14",
        common + "operation=confirm " + id + "resource_id=3 reservation_id=4 holder_id=12 "
            + "lease_epoch=1 request_slot=9 outcome=committed_write applied_lsn=5 "
            + "write_result=confirmed committed_reservation_id=4 committed_holder_id=12 "
            + "committed_lease_epoch=1",
        common + "operation=release " + id + "resource_id=3 reservation_id=4 holder_id=12 "
            + "lease_epoch=1 request_slot=9 outcome=committed_write applied_lsn=5 "
            + "write_result=released committed_reservation_id=4 committed_holder_id=12 "
            + "released_lsn=none",
        common + "operation=release " + id + "resource_id=3 reservation_id=4 holder_id=12 "
            + "lease_epoch=1 request_slot=9 outcome=definite_failure reason=stale_epoch",
        common + "operation=revoke " + id + "reservation_id=4 request_slot=9 "
            + "outcome=committed_write applied_lsn=6 write_result=revoked "
            + "committed_reservation_id=4",
        common + "operation=reclaim " + id + "reservation_id=4 request_slot=9 "
            + "outcome=ambiguous reason=transport_loss",
        common + "operation=tick_expirations " + id + "request_slot=30 "
            + "outcome=committed_write applied_lsn=8 write_result=tick_expired "
            + "expired=3:12:4:8,4:12:4:none",
        common + "operation=get_resource resource_id=3 required_lsn=none outcome=read_ok "
            + "read_target=resource served_by=1 served_role=view_uncertain observed_lsn=8 "
            + "resource_state=reserved:12:4:18446744073709551615",
        common + "operation=get_resource resource_id=3 outcome=read_ok read_target=resource "
            + "served_by=1 served_role=primary observed_lsn=none resource_state=available",
        common + "operation=get_reservation reservation_id=4 required_lsn=8 request_slot=9 "
            + "outcome=read_ok read_target=reservation served_by=1 served_role=primary "
            + "observed_lsn=8 reservation_state=active:3:12:14:false",
        common + "operation=get_reservation reservation_id=4 outcome=read_ok "
            + "read_target=reservation served_by=1 served_role=backup "
            + "reservation_state=released:3:12:none",
        common + "operation=get_reservation reservation_id=4 outcome=definite_failure "
            + "reason=fence_not_applied",
    ]

    @Test("the lines of writers are all read at once", arguments: lines)
    func canonical(_ line: String) throws {
        let fast = try #require(Self.fast(line))
        let slow = try #require(Self.slow(line))
        #expect(fast == slow)
    }

    @Test("a line that was damaged anywhere is read alike or left to the other", arguments: 1...8)
    func damaged(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var taken = 0
        for _ in 0..<4000 {
            let line = Self.damaged(Self.lines[random.index(below: Self.lines.count)], &random)
            guard let fast = Self.fast(line) else { continue }
            taken += 1
            #expect(fast == Self.slow(line), "seed \(seed): \(line)")
        }
        #expect(taken > 200)
    }

    @Test(
        "numbers at and beyond their limits",
        arguments: [
            "0", "1", "99999999", "100000000", "9999999999999999", "10000000000000000",
            "18446744073709551615", "18446744073709551616", "123456789012345678901234",
            "340282366920938463463374607431768211455", "340282366920938463463374607431768211456",
            "0000000000000000000000000000000000000000007", "+7", "-7", "", "7x", "x7", "1:2",
            "none",
        ])
    func numbers(_ number: String) {
        for (old, key) in [("holder_id=12", "holder_id="), ("request_slot=9", "request_slot=")] {
            let line = Self.lines[0].replacing(old, with: key + number)
            if let fast = Self.fast(line) { #expect(fast == Self.slow(line), "\(line)") }
        }
    }

    // MARK: - One line by either

    private static func fast(_ line: String) -> PlainTextChunk? {
        let bytes =
            Array((line + "\n").utf8) + [UInt8](repeating: 0, count: PlainTextDecoder.padding)
        var decoder = PlainTextDecoder()
        var chunk = PlainTextChunk()
        // Twice, as the second time it has learned what comes behind what.
        for _ in 0..<2 {
            chunk = PlainTextChunk()
            let end = bytes.withUnsafeBytes { memory in
                memory.baseAddress.flatMap { decoder.decode($0, from: 0, into: &chunk) }
            }
            guard end == line.utf8.count + 1 else {
                #expect(end == nil && chunk == PlainTextChunk())
                return nil
            }
        }
        return normal(chunk)
    }

    private static func slow(_ line: String) -> PlainTextChunk? {
        guard let events = try? TextHistoryReader.events(of: Array("version=1\n\(line)\n".utf8))
        else { return nil }
        var chunk = PlainTextChunk()
        for event in events { chunk.append(event) }
        return normal(chunk)
    }

    /// Without lists that no event points to.
    private static func normal(_ chunk: PlainTextChunk) -> PlainTextChunk {
        var normal = PlainTextChunk()
        for event in chunk.events {
            var event = event
            let members = chunk.members(of: event)
            let expired = event.outcome == .tickExpired ? chunk.expired(of: event) : []
            event.membersStart = UInt32(normal.members.count)
            event.expiredStart = UInt32(normal.expired.count)
            event.expiredCount = UInt32(expired.count)
            normal.members += members
            normal.expired += expired
            normal.events.append(event)
        }
        return normal
    }

    /// With a few bytes or tokens replaced, taken out, put in twice or moved.
    private static func damaged(_ line: String, _ random: inout SeededRandom) -> String {
        var tokens = line.split(separator: " ").map(String.init)
        for _ in 0...random.index(below: 2) {
            let place = random.index(below: tokens.count)
            switch random.index(below: 6) {
            case 0: tokens.swapAt(place, random.index(below: tokens.count))
            case 1 where tokens.count > 1: tokens.remove(at: place)
            case 2: tokens.insert(tokens[random.index(below: tokens.count)], at: place)
            case 3:
                let other = lines[random.index(below: lines.count)].split(separator: " ")
                tokens[place] = String(other[random.index(below: other.count)])
            default:
                var bytes = Array(tokens[place].utf8)
                let some = Array("0159 \t=:,+-xn_\u{e9}".utf8)
                let byte = some[random.index(below: some.count)]
                let at = random.index(below: bytes.count)
                if random.index(below: 2) == 0 {
                    bytes[at] = byte
                } else {
                    bytes.insert(byte, at: at)
                }
                tokens[place] = String(decoding: bytes, as: UTF8.self)
            }
        }
        return tokens.joined(separator: " ")
    }
}
