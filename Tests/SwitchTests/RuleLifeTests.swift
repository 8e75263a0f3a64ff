import Switch
import SystemCalls
import Testing

@Suite("How rules begin and end")
struct RuleLifeTests {
    static let hour = Duration.seconds(3600)

    private func rule(_ bench: Bench, _ effect: LinkEffect, lease: Duration = hour) -> SwitchRule {
        SwitchRule(
            [LinkPattern(from: bench.ports[0], to: bench.ports[1])], [effect], lease: lease)
    }

    @Test("a removed rule does nothing any more, and its counts can still be asked for")
    func removal() {
        var bench = Bench(ports: 2)
        let link = Link(from: bench.ports[0], to: bench.ports[1])
        let ids = bench.add(rule(bench, .cut))
        bench.send(3, over: link)
        bench.core.change(adding: [], removing: ids, at: bench.now)
        bench.send(4, over: link)
        #expect(bench.delivered.count == 4)
        #expect(bench.core.status(of: ids[0])?.life == .removed)
        #expect(bench.counts(ids[0]).dropped == 3)
    }

    @Test("a rule whose lease ran out ends by itself, with or without frames")
    func expiry() {
        for isBusy in [true, false] {
            var bench = Bench(ports: 2)
            let link = Link(from: bench.ports[0], to: bench.ports[1])
            let ids = bench.add(rule(bench, .cut, lease: .milliseconds(50)))
            if isBusy { bench.send(100, over: link) } else { bench.wait(.milliseconds(50)) }
            #expect(bench.core.status(of: ids[0])?.life == .expired)
            #expect(bench.delivered.count == (isBusy ? 51 : 0))
        }
    }

    @Test("one step replaces rules: no frame meets both or neither")
    func oneStep() {
        var bench = Bench(ports: 2)
        let link = Link(from: bench.ports[0], to: bench.ports[1])
        var old = bench.add(rule(bench, .cut))
        for _ in 0..<50 {
            bench.send(2, over: link)
            old = bench.core.change(
                adding: [rule(bench, .cut)], removing: old, at: bench.now)
            bench.send(2, over: link)
        }
        #expect(bench.delivered.isEmpty)
    }

    @Test("a cut also stops what was held back before")
    func cutOfHeldFrames() {
        var bench = Bench(ports: 2)
        let link = Link(from: bench.ports[0], to: bench.ports[1])
        _ = bench.add(rule(bench, .delay(by: .milliseconds(100), jitter: .zero)))
        bench.send(10, over: link)
        let cut = bench.add(rule(bench, .cut))
        bench.wait(.seconds(1))
        #expect(bench.delivered.isEmpty)
        #expect(bench.counts(cut[0]).dropped == 10)
    }

    @Test("what was held back arrives although its rule was removed")
    func heldFramesOfRemovedRules() {
        var bench = Bench(ports: 2)
        let link = Link(from: bench.ports[0], to: bench.ports[1])
        let ids = bench.add(rule(bench, .delay(by: .milliseconds(100), jitter: .zero)))
        bench.send(10, over: link)
        bench.core.change(adding: [], removing: ids, at: bench.now)
        bench.wait(.seconds(1))
        #expect(bench.delivered.count == 10)
    }

    @Test("the switch has no endless memory")
    func memory() {
        var bench = Bench(ports: 2)
        let link = Link(from: bench.ports[0], to: bench.ports[1])
        _ = bench.add(rule(bench, .delay(by: .seconds(60), jitter: .zero)))
        bench.send(40_000, over: link, every: .zero)
        #expect(bench.core.heldFrames == 32_768)
        #expect(bench.core.counts(of: link.to)?.overflowed == 40_000 - 32_768)
    }

    @Test("the same seed and the same frames give the same deliveries")
    func determinism() {
        func deliveries(seed: UInt64) -> [[UInt8]] {
            var bench = Bench(ports: 2, seed: seed)
            let link = Link(from: bench.ports[0], to: bench.ports[1])
            _ = bench.add(
                SwitchRule(
                    [LinkPattern()],
                    [
                        .lose(share: 0.2), .duplicate(share: 0.2), .corrupt(share: 0.2),
                        .delay(by: .milliseconds(3), jitter: .milliseconds(9)),
                        .reorder(share: 0.2, by: .milliseconds(20)),
                    ], lease: Self.hour))
            bench.send(1000, over: link)
            bench.wait(.seconds(1))
            return bench.delivered.map(\.bytes)
        }
        #expect(deliveries(seed: 1) == deliveries(seed: 1))
        #expect(deliveries(seed: 1) != deliveries(seed: 2))
    }
}
