import Switch
import SystemCalls
import Testing

@Suite("What rules do to frames")
struct RuleTests {
    static let hour = Duration.seconds(3600)

    /// Two ports and a rule on the way there.
    private func bench(
        _ effects: LinkEffect..., lease: Duration = hour, seed: UInt64 = 7
    ) -> (Bench, Link, RuleID) {
        var bench = Bench(ports: 3, seed: seed)
        let link = Link(from: bench.ports[0], to: bench.ports[1])
        let rule = SwitchRule(
            [LinkPattern(from: link.from, to: link.to)], effects, lease: lease)
        let id = bench.add(rule)[0]
        return (bench, link, id)
    }

    @Test("a cut lets nothing through in its direction, and everything in all others")
    func cutting() {
        var (bench, link, rule) = bench(.cut)
        let back = Link(from: link.to, to: link.from)
        bench.send(100, over: link)
        bench.send(100, over: back)
        #expect(bench.numbers(over: link).isEmpty)
        #expect(bench.numbers(over: back) == Array(0..<100))
        let counts = bench.counts(rule)
        #expect((counts.seen, counts.touched, counts.dropped) == (100, 100, 100))
    }

    @Test("a cut cable stops both directions, also towards ports attached later")
    func cable() {
        var bench = Bench(ports: 3)
        _ = bench.add(
            SwitchRule(LinkPattern.cable(of: bench.ports[1]), [.cut], lease: Self.hour))
        guard let late = bench.core.attach() else { return }
        bench.send(frame(from: late, to: nil, number: 1), from: late)
        bench.send(frame(from: bench.ports[1], to: nil, number: 2), from: bench.ports[1])
        bench.send(frame(from: bench.ports[0], to: nil, number: 3), from: bench.ports[0])
        let reached = bench.delivered.map { [$0.link.from.rawValue, $0.link.to.rawValue] }
        #expect(reached == [[3, 0], [3, 2], [0, 2], [0, 3]])
    }

    @Test("loss takes its share, by chance and not by count", arguments: [0.0, 0.1, 0.5, 1.0])
    func loss(share: Double) {
        var (bench, link, rule) = bench(.lose(share: share))
        bench.send(5000, over: link)
        let counts = bench.counts(rule)
        #expect(bench.numbers(over: link).count + Int(counts.dropped) == 5000)
        #expect(counts.touched == counts.dropped)
        #expect(abs(Double(counts.dropped) / 5000 - share) < 0.03)
    }

    @Test("each frame comes later by the delay, in order")
    func delay() {
        var (bench, link, rule) = bench(.delay(by: .milliseconds(20), jitter: .zero))
        let start = bench.now
        bench.send(50, over: link)
        #expect(bench.core.heldFrames == 20)
        bench.wait(.seconds(1))
        #expect(bench.numbers(over: link) == Array(0..<50))
        for (index, entry) in bench.delivered.enumerated() {
            #expect(entry.at - start == .milliseconds(Int64(index) + 1 + 20))
        }
        #expect(bench.counts(rule).delayed == 50)
    }

    @Test("jitter spreads arrivals between its bounds and keeps the order")
    func jitter() {
        var (bench, link, _) = bench(
            .delay(by: .milliseconds(5), jitter: .milliseconds(30)))
        let start = bench.now
        bench.send(500, over: link)
        bench.wait(.seconds(1))
        #expect(bench.numbers(over: link) == Array(0..<500))
        let delays = bench.delivered.enumerated().map { index, entry in
            entry.at - start - .milliseconds(Int64(index) + 1)
        }
        #expect(delays.allSatisfy { $0 >= .milliseconds(5) && $0 <= .milliseconds(35) })
        #expect(Set(delays).count > 10)
    }

    @Test("what is reordered is overtaken and nothing is lost")
    func reordering() {
        var (bench, link, rule) = bench(.reorder(share: 0.2, by: .milliseconds(10)))
        bench.send(1000, over: link)
        bench.wait(.seconds(1))
        let numbers = bench.numbers(over: link)
        #expect(numbers.sorted() == Array(0..<1000))
        #expect(numbers != numbers.sorted())
        let counts = bench.counts(rule)
        #expect(counts.reordered == counts.touched && (150...250).contains(counts.reordered))
    }

    @Test("a duplicate is the same frame a second time")
    func duplication() {
        var (bench, link, rule) = bench(.duplicate(share: 0.3))
        bench.send(1000, over: link)
        let counts = bench.counts(rule)
        #expect(bench.delivered.count == 1000 + Int(counts.duplicated))
        #expect((250...350).contains(counts.duplicated))
        #expect(Set(bench.numbers(over: link)).count == 1000)
    }

    @Test("corruption flips one bit behind the Ethernet header")
    func corruption() {
        var (bench, link, rule) = bench(.corrupt(share: 1))
        for number in 0..<500 {
            let sent = frame(from: link.from, to: link.to, number: number)
            bench.send(sent, from: link.from)
            guard let arrived = bench.delivered.last?.bytes else { return }
            let flipped = zip(sent, arrived).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
            #expect(flipped == 1 && sent.prefix(14) == arrived.prefix(14))
        }
        #expect(bench.counts(rule).corrupted == 500)
    }

    @Test("corruption spares ARP")
    func corruptionOfARP() {
        var (bench, link, rule) = bench(.corrupt(share: 1))
        var sent = frame(from: link.from, to: link.to, number: 1)
        sent.replaceSubrange(12..<14, with: [0x08, 0x06])
        bench.send(sent, from: link.from)
        #expect(bench.delivered.last?.bytes == sent)
        #expect(bench.counts(rule).touched == 0 && bench.counts(rule).seen == 1)
    }

    @Test("a limit passes its rate, and loses what would wait too long")
    func limiting() {
        // 60 bytes at 6000 bytes per second: one frame each ten milliseconds.
        var (bench, link, rule) = bench(
            .limit(bytesPerSecond: 6000, patience: .milliseconds(100)))
        let start = bench.now
        bench.send(1000, over: link)
        bench.wait(.seconds(10))
        let arrived = bench.delivered.count
        // One second of sending and what may wait at its end.
        #expect((105...115).contains(arrived))
        #expect(Int(bench.counts(rule).dropped) == 1000 - arrived)
        #expect(bench.delivered.allSatisfy { $0.at - start <= .milliseconds(1112) })
        let numbers = bench.numbers(over: link)
        #expect(numbers == numbers.sorted())
    }

    @Test("links of one rule have queues of their own")
    func separateQueues() {
        var bench = Bench(ports: 3)
        _ = bench.add(
            SwitchRule(
                [LinkPattern(from: bench.ports[0])],
                [.limit(bytesPerSecond: 6000, patience: .seconds(60))], lease: Self.hour))
        bench.send(10, over: Link(from: bench.ports[0], to: bench.ports[1]), every: .zero)
        let there = bench.core.heldFrames
        bench.send(1, over: Link(from: bench.ports[0], to: bench.ports[2]), every: .zero)
        #expect(there == 9 && bench.core.heldFrames == 9)
    }

    @Test("effects apply in their order: a duplicate made first is lost on its own")
    func effectOrder() {
        var (bench, link, rule) = bench(.duplicate(share: 1), .lose(share: 0.5))
        bench.send(2000, over: link)
        let counts = bench.counts(rule)
        #expect(counts.duplicated == 2000 && counts.seen == 2000 && counts.touched == 2000)
        #expect((1850...2150).contains(counts.dropped))
        // A quarter of all frames still comes twice.
        let numbers = bench.numbers(over: link)
        #expect((420...580).contains(numbers.count - Set(numbers).count))
    }
}
