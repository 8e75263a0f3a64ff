import ClusterHarness
import ClusterProtocol
import DurableFiles
import LeaseEngine
import LeaseKernel
import Randomness
import Replication
import StorageDoubles
import SystemCalls
import TestSupport
import Testing

extension EndToEndTests {
    @Suite("A replica whose durable data is damaged refuses, and never serves something else")
    struct Damage {
        @Test("every byte of every file: refused, or the very same state")
        func everyByte() {
            CrashBench.run("damage of every byte") { bench in
                var files = try prepare(bench)
                files.cutReservedZeros()
                let good = try #require(try files.recovered(in: bench.cluster.layout))
                try bench.cluster.require(
                    good.last == LSN(15), "there is a state, up to \(good.last)")
                var refusals: [ReplicaFile: Int] = [:]
                var random = SeededRandom(seed: 7)
                for file in ReplicaFile.allCases {
                    let bytes = try #require(files.contents[file])
                    let strict = try files.mustRefuse(file)
                    for offset in bytes.indices {
                        var damaged = files
                        damaged.contents[file]?[offset] ^=
                            1 << UInt8.random(in: 0...7, using: &random)
                        guard let found = try damaged.recovered(in: bench.cluster.layout) else {
                            refusals[file, default: 0] += 1
                            continue
                        }
                        try bench.cluster.require(
                            !strict.contains(offset),
                            "byte \(offset) of the \(file.rawValue) is durable, and damage to "
                                + "it is noticed")
                        try bench.cluster.require(
                            found == good,
                            "byte \(offset) of the \(file.rawValue) changes nothing")
                    }
                    print(
                        "damage: \(file.rawValue): \(bytes.count) bytes, "
                            + "\(refusals[file] ?? 0) refusals")
                }
                try bench.revive(2)
            }
        }

        @Test("a daemon with a flipped bit serves nothing, and the cluster goes on without it")
        func daemon() {
            CrashBench.run("damage under a daemon") { bench in
                let files = try prepare(bench)
                let paths = files.paths
                for file: ReplicaFile in [.metadata, .journal, .log, .snapshot] {
                    var bytes = try #require(files.contents[file])
                    let offset = try #require(try files.mustRefuse(file).last)
                    bytes[offset] ^= 4
                    try DurableFiles.replace(paths[file], with: bytes)
                    try bench.cluster.launch(2)
                    try bench.cluster.waitUntil("replica 2 refuses") {
                        if !bench.cluster.isRunning(2) { return true }
                        guard let status = try? bench.cluster.status(2) else { return false }
                        try bench.cluster.require(
                            status.state == .faulted, "damage to the \(file.rawValue): \(status)")
                        return true
                    }
                    let reply = try? bench.cluster.read(ResourceProbe.absent, at: 2)
                    switch reply {
                    case .response(.resourceEngineHalted), .text, nil: break
                    case .response, .empty, .undecodable:
                        throw LiveCluster.Unmet("it answered \(reply.debugDescription)")
                    }
                    try bench.write(2)
                    try bench.kill(2)
                    for file in ReplicaFile.allCases {
                        guard let bytes = files.contents[file] else { continue }
                        try DurableFiles.replace(paths[file], with: bytes)
                    }
                }
                try bench.revive(2)
            }
        }

        /// Replica 2, killed, has a snapshot, a log that is durable beyond it, and batches that
        /// are newer.
        private func prepare(_ bench: CrashBench) throws -> ReplicaFiles {
            try bench.write(6)
            _ = try bench.cluster.control(.checkpoint, at: 2)
            try bench.write(6)
            try settle(bench)
            try bench.kill(2)
            try bench.revive(2)
            for _ in 1...3 {
                // Each in a batch of its own.
                try bench.write(1)
                try settle(bench)
            }
            try bench.kill(2)
            return try ReplicaFiles(of: bench.cluster.replica(2))
        }

        private func settle(_ bench: CrashBench) throws {
            let last = try bench.cluster.metrics(1).lastAppliedLSN ?? LSN(0)
            try bench.cluster.awaitCommit(last, at: 2)
            // The log follows a moment later; it is what makes up for a damaged last batch.
            try bench.cluster.waitUntil("the log of replica 2 holds \(last)") {
                try ReplicaFiles(of: bench.cluster.replica(2)).logHolds(last)
            }
        }
    }
}

/// The files of one replica in memory, to be damaged and recovered again and again.
private struct ReplicaFiles {
    let replica: ReplicaLayout
    var contents = MemoryFiles()

    /// What a recovered replica holds, committed or only prepared: a commit that is not known
    /// any more is heard again, an entry that is gone is lost.
    struct Held: Equatable {
        let last: LSN
        /// The state after the last entry, as a snapshot.
        let image: [UInt8]
    }

    init(of replica: ReplicaLayout) throws {
        self.replica = replica
        for file in ReplicaFile.allCases {
            contents[file] = try DurableFiles.readIfPresent(paths[file], limit: 1 << 20)
        }
    }

    var paths: ReplicaPaths {
        ReplicaPaths(
            metadata: replica.metadataPath, journal: replica.prepareLogPath,
            log: replica.walPath, snapshot: replica.snapshotPath)
    }

    /// Whether a frame of the log is at that position.
    func logHolds(_ lsn: LSN) -> Bool {
        var offset = 0
        while let frame = try? WALFrame.decode(contents[.log] ?? [], at: offset) {
            if frame.lsn == lsn { return true }
            offset += frame.encodedLength
        }
        return false
    }

    /// Offsets whose damage no other file makes up for.
    func mustRefuse(_ file: ReplicaFile) throws -> Range<Int> {
        let bytes = contents[file] ?? []
        switch file {
        case .metadata, .snapshot: return 0..<bytes.count
        case .snapshotChecksums: return 0..<0
        case .journal:
            // The last batch may be torn; what is before it was synced.
            var last = 0
            for offset in bytes.indices.dropLast(8) where bytes[offset] == 9 {
                let own = withUnsafeBytes(of: UInt64(offset).littleEndian) { Array($0) }
                if bytes[(offset + 8)...].starts(with: [6] + own) { last = offset }
            }
            return 0..<last
        case .log:
            // After the snapshot, before the journal's baseline; magic, version and the low
            // bytes of the position are not under the published checksum, but show all the same.
            let journal = try JournalReader.read(contents[.journal] ?? [])
            let snapshot = try SnapshotCodec.decode(contents[.snapshot] ?? []).lastAppliedLSN
            var range = 0..<0
            var offset = 0
            while let frame = try? WALFrame.decode(bytes, at: offset),
                frame.lsn <= journal.baseline
            {
                let end = offset + frame.encodedLength
                if frame.lsn > snapshot ?? LSN(0) {
                    range = (range.isEmpty ? offset : range.lowerBound)..<end
                }
                offset = end
            }
            return range
        }
    }

    /// The journal is grown ahead by zeros that are all alike: some are enough.
    mutating func cutReservedZeros() {
        guard let journal = contents[.journal], let last = journal.lastIndex(where: { $0 != 0 })
        else { return }
        contents[.journal] = Array(journal.prefix(last + 65))
    }

    /// Recovers a copy; nil when it refuses.
    func recovered(in layout: ClusterLayout) throws -> Held? {
        var copy = contents
        let settings = LiveSettings(
            identity: ReplicaIdentity(
                replicaID: replica.id, shardID: ShardID(layout.kernel.shardID)),
            peers: layout.replicas.map(\.id).filter { $0 != replica.id },
            kernel: layout.kernel, engine: layout.engine, layoutRole: replica.role,
            layoutView: layout.currentView)
        guard let live = try? LiveReplica.open(settings, on: &copy, at: .now),
            live.status.faultReason == nil
        else { return nil }
        let survey = try ReplicaSurvey(
            WorkspaceFiles(
                metadata: copy[.metadata], journal: copy[.journal],
                log: copy[.log], snapshot: copy[.snapshot]
            ).decode(named: "copy"), configuration: layout.kernel)
        var kernel = survey.kernel
        for entry in survey.contents.prepared.all {
            _ = try kernel.apply(
                try CommandCodec.decodeClient(entry.payload), lsn: entry.lsn,
                requestSlot: entry.requestSlot)
        }
        return Held(
            last: kernel.lastAppliedLSN ?? LSN(0),
            image: try SnapshotCodec.encode(kernel.snapshot()))
    }
}
