import ClusterHarness
import LeaseKernel
import Randomness
import Replication
import SystemCalls
import TestSupport
import Testing

extension EndToEndTests {
    @Suite("Replicas that die at any moment come back with everything acknowledged")
    struct RandomCrashes {
        static let kills = 250

        @Test("with the kills at named boundaries they are more than five hundred")
        func enough() {
            let named = NamedCrashes.plannedKills
            print("crashes: \(named) kills at named boundaries, \(Self.kills) at random moments")
            #expect(named + Self.kills >= 500)
        }

        @Test("one, two or all three are killed again and again while clients write")
        func random() throws {
            let seed = Environment["CRASH_SEED"].flatMap { UInt64($0) } ?? WallClock.nanoseconds
            print("crashes: seed \(seed) (CRASH_SEED repeats the disturbances)")
            var random = SeededRandom(seed: seed)
            let kills = CrashBench.run("at random moments") { bench in
                var round = 0
                while bench.kills < Self.kills {
                    round += 1
                    bench.load.allow(8)
                    if round % 20 == 0 {
                        try takeOver(bench, using: &random)
                    } else {
                        try killSome(bench, using: &random)
                    }
                    if round % 4 == 0 { try bench.verifyNew() }
                }
            }
            #expect(kills >= Self.kills)
        }

        private func killSome(_ bench: CrashBench, using random: inout SeededRandom) throws {
            pause(using: &random)
            if Int.random(in: 0..<3, using: &random) == 0 {
                let number = UInt64.random(in: 1...3, using: &random)
                try bench.requestCheckpoint(number)
                pause(using: &random)
            }
            let count = [1, 1, 1, 2, 3].randomElement(using: &random) ?? 1
            let victims = Array(([1, 2, 3] as [UInt64]).shuffled(using: &random).prefix(count))
            try bench.killTogether(victims)
            // What was not synced may be damaged; a kill alone never does that.
            for victim in victims where Bool.random(using: &random) {
                try bench.loseUnsyncedLog(victim, using: &random)
                try bench.tearJournal(victim, using: &random)
            }
            pause(using: &random)
            // Sometimes they die again while they recover.
            for victim in victims where Int.random(in: 0..<4, using: &random) == 0 {
                try bench.cluster.launch(victim)
                pause(using: &random)
                try bench.kill(victim)
            }
            try bench.revive(victims)
        }

        private func takeOver(_ bench: CrashBench, using random: inout SeededRandom) throws {
            let deposed = try bench.depose()
            pause(using: &random)
            try bench.revive(deposed)
        }

        private func pause(using random: inout SeededRandom) {
            sleepThread(for: .microseconds(Int.random(in: 0...25_000, using: &random)))
        }
    }
}
