import ClusterHarness
import ClusterProtocol
import LeaseKernel
import Randomness
import SystemCalls
import TestSupport
import Testing

extension EndToEndTests {
    @Suite("Whatever is done to single replicas, no acknowledged write is lost")
    struct Churn {
        /// One way to disturb a replica, and to leave it running again.
        private enum Disturbance: CaseIterable {
            case kill
            case terminate
            case pause
            case isolate
        }

        @Test("a client writes through twenty disturbances")
        func churn() throws {
            let seed = Environment["CHURN_SEED"].flatMap { UInt64($0) } ?? WallClock.nanoseconds
            print("churn: seed \(seed) (CHURN_SEED repeats it)")
            var random = SeededRandom(seed: seed)
            LiveCluster.run { cluster in
                var resource: UInt128 = 0
                var acknowledged: [CommittedSubmit] = []
                func write() throws {
                    resource += 1
                    acknowledged.append(
                        try cluster.eventuallyCommit(
                            .createResource(ResourceID(resource)), slot: 1))
                }
                for _ in 1...20 {
                    let number = UInt64.random(in: 1...3, using: &random)
                    let choice = Disturbance.allCases.randomElement(using: &random) ?? .kill
                    try disturb(cluster, number, choice) {
                        // Without its primary the cluster cannot write.
                        guard number != 1 else { return }
                        for _ in 0..<Int.random(in: 0...5, using: &random) { try write() }
                    }
                    try write()
                }
                try verify(cluster, acknowledged, resources: resource)
            }
        }

        private func disturb(
            _ cluster: LiveCluster, _ number: UInt64, _ choice: Disturbance,
            meanwhile: () throws -> Void
        ) throws {
            switch choice {
            case .kill:
                try cluster.kill(number)
                try meanwhile()
                try cluster.start(number)
            case .terminate:
                _ = try cluster.terminate(number)
                try meanwhile()
                try cluster.start(number)
            case .pause:
                try cluster.signal(number, Signals.stop)
                try meanwhile()
                try cluster.signal(number, Signals.proceed)
            case .isolate:
                try cluster.setIsolated(number, true)
                try meanwhile()
                try cluster.setIsolated(number, false)
            }
        }

        private func verify(
            _ cluster: LiveCluster, _ acknowledged: [CommittedSubmit], resources: UInt128
        ) throws {
            for id in 1...resources {
                let reply = try cluster.read(ResourceID(id))
                guard case .response(.resource) = reply else {
                    throw LiveCluster.Unmet("resource \(id) was acknowledged and is gone: \(reply)")
                }
            }
            try cluster.require(
                acknowledged.allSatisfy { $0.outcome.code == .ok }, "every write was done once")
            let positions = acknowledged.map(\.appliedLSN)
            try cluster.require(positions == positions.sorted(), "positions grow")
            guard let last = positions.last else { return }
            for number: UInt64 in 1...3 { try cluster.awaitCommit(last, at: number) }
        }
    }
}
