import Glibc
import Testing

@testable import Replication

/// Schedules per kind of weather; LIVE_SEEDS asks for more, LIVE_FIRST_SEED for others.
private func seeds() -> Range<UInt64> {
    func number(_ name: String, otherwise value: UInt64) -> UInt64 {
        getenv(name).flatMap { UInt64(String(cString: $0)) } ?? value
    }
    let first = number("LIVE_FIRST_SEED", otherwise: 1)
    return first..<first + number("LIVE_SEEDS", otherwise: 3)
}

private struct Kind: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let weather: Weather
}

private let kinds: [Kind] = [
    Kind(testDescription: "ordered streams", weather: Weather()),
    Kind(
        testDescription: "ordered streams, small bounds",
        weather: Weather(smallLimits: true, faultsPerSecond: 4, clients: 6)),
    Kind(
        testDescription: "lost, doubled and overtaking messages",
        weather: Weather(hasOrderedStreams: false, faultsPerSecond: 3)),
    Kind(
        testDescription: "the same with small bounds",
        weather: Weather(
            hasOrderedStreams: false, smallLimits: true, faultsPerSecond: 6, clients: 6)),
    Kind(
        testDescription: "crashes without takeover",
        weather: Weather(smallLimits: true, faultsPerSecond: 8, hasTakeovers: false)),
]

@Suite(.serialized) struct SimulationTests {
    @Test("whatever breaks, nothing promised is lost and no read is stale", arguments: kinds)
    fileprivate func keepsItsPromises(_ kind: Kind) {
        var promised = 0
        var reads = 0
        var takeovers = 0
        var restarts = 0
        var compared = 0
        var events = 0
        let range = seeds()
        for seed in range {
            var simulation = Simulation(seed: seed, weather: kind.weather)
            simulation.run()
            #expect(simulation.problems.isEmpty, "\(kind.testDescription): \(simulation.problems)")
            promised += simulation.clients.promisedCount
            reads += simulation.clients.readCount
            takeovers += simulation.takeovers
            restarts += simulation.restarts
            compared += simulation.witness.compared
            events += simulation.events
        }
        print(
            "\(kind.testDescription): seeds \(range), \(promised) writes promised, \(reads) reads, "
                + "\(restarts) starts, \(takeovers) takeovers, \(compared) applied entries "
                + "compared, \(events) events")
        #expect(promised > range.count * 10)
    }
}
