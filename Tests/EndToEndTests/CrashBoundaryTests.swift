import ClusterHarness
import ClusterProtocol
import Randomness
import Replication
import SystemCalls
import TestSupport
import Testing

extension EndToEndTests {
    @Suite("A replica that dies at any named boundary comes back with everything acknowledged")
    struct NamedCrashes {
        /// How many kills all of these tests come to, at the least.
        static var plannedKills: Int {
            func count(_ purposes: StorageBoundary.Purpose...) -> Int {
                purposes.reduce(0) { $0 + CrashBoundaries.names($1).count }
            }
            let perVictim =
                count(.batch, .frames, .compaction, .checkpoint) * 2 + count(.recovery) * 3
                + count(.stop) * 2
            return perVictim * victims.count + count(.view) * 2 + count(.install)
        }

        /// Which replica is killed: the primary or a backup.
        static let victims: [UInt64] = [1, 2]

        @Test("while it writes batches, frames, compactions and checkpoints", arguments: victims)
        func writing(victim: UInt64) {
            CrashBench.run("writing, replica \(victim)") { bench in
                for purpose: StorageBoundary.Purpose in [.batch, .frames, .compaction, .checkpoint]
                {
                    for boundary in CrashBoundaries.names(purpose) {
                        for passage in 1...2 {
                            try bench.arm(victim, boundary, passage: passage)
                            bench.load.allow(4)
                            try bench.awaitDeath(victim, at: boundary) {
                                bench.load.allow(2)
                                guard purpose == .checkpoint else { return }
                                // No answer, when it dies.
                                _ = try? bench.cluster.control(.checkpoint, at: victim)
                            }
                            try bench.revive(victim)
                            try bench.verifyNew()
                        }
                    }
                }
            }
        }

        @Test("while it recovers", arguments: victims)
        func recovering(victim: UInt64) {
            CrashBench.run("recovering, replica \(victim)") { bench in
                var random = SeededRandom(seed: victim)
                try bench.write(3)
                _ = try bench.cluster.control(.checkpoint, at: victim)
                for _ in 1...3 {
                    try bench.write(5)
                    try bench.kill(victim)
                    for boundary in CrashBoundaries.names(.recovery) {
                        // The log needs a repair; otherwise nothing is ever cut. It is in order
                        // before the journal is touched.
                        if boundary.contains(".log.") {
                            try bench.loseUnsyncedLog(victim, using: &random)
                        }
                        try bench.arm(victim, boundary)
                        try bench.cluster.launch(victim)
                        try bench.awaitDeath(victim, at: boundary)
                    }
                    try bench.revive(victim)
                    try bench.verifyNew()
                }
            }
        }

        @Test("while it stops", arguments: victims)
        func stopping(victim: UInt64) {
            CrashBench.run("stopping, replica \(victim)") { bench in
                for _ in 1...2 {
                    for boundary in CrashBoundaries.names(.stop) {
                        try bench.arm(victim, boundary)
                        bench.load.allow(4)
                        try bench.cluster.signal(victim, Signals.terminate)
                        try bench.awaitDeath(victim, at: boundary)
                        try bench.revive(victim)
                        try bench.verifyNew()
                    }
                }
            }
        }

        @Test("while a deposed primary enters the new view")
        func enteringView() {
            CrashBench.run("entering a view") { bench in
                let boundaries = CrashBoundaries.names(.view)
                for _ in 1...2 {
                    // Once the new metadata has its name, there is nothing left to enter.
                    for part in [boundaries.dropLast(), boundaries.suffix(1)] {
                        try bench.write(3)
                        let deposed = try bench.depose()
                        for boundary in part {
                            try bench.arm(deposed, boundary)
                            try bench.cluster.launch(deposed)
                            try bench.awaitDeath(deposed, at: boundary) { bench.load.allow(1) }
                        }
                        try bench.revive(deposed)
                        try bench.verifyNew()
                    }
                }
            }
        }

        @Test("while it takes a snapshot in")
        func installing() {
            CrashBench.run("installing a snapshot") { bench in
                for boundary in CrashBoundaries.names(.install) {
                    try bench.kill(3)
                    // A checkpoint keeps what is above the one before: the second cuts the log.
                    for _ in 1...2 {
                        try bench.write(6)
                        _ = try bench.cluster.control(.checkpoint, at: bench.primary)
                    }
                    try bench.arm(3, boundary)
                    try bench.cluster.launch(3)
                    try bench.awaitDeath(3, at: boundary)
                    try bench.revive(3)
                    try bench.verifyNew()
                }
            }
        }
    }
}
