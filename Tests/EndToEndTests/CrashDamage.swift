import ClusterHarness
import ClusterProtocol
import DurableFiles
import LeaseEngine
import LeaseKernel
import Randomness
import Replication
import SystemCalls
import TestSupport

// What a machine that lost its power may do to the files of a replica that is down.

extension CrashBench {
    /// The log loses frames that were never synced, and the file ends in zeros or in half a
    /// frame instead.
    func loseUnsyncedLog(_ number: UInt64, using random: inout SeededRandom) throws {
        let replica = cluster.replica(number)
        let log = try FileSystem.read(replica.walPath, limit: 64 << 20)
        let journal = try JournalReader.read(
            try FileSystem.read(replica.prepareLogPath, limit: 64 << 20))
        var offset = 0
        while let frame = try? WALFrame.decode(log, at: offset), frame.lsn <= journal.baseline {
            offset += frame.encodedLength
        }
        let tail =
            Bool.random(using: &random)
            ? Array(repeating: 0, count: Int.random(in: 31...200, using: &random))
            : Array(log[offset...].prefix(20))
        let torn = tail.isEmpty ? [7] : tail
        try DurableFiles.replace(replica.walPath, with: log[..<offset] + torn)
    }

    /// The journal ends in something that was never synced.
    func tearJournal(_ number: UInt64, using random: inout SeededRandom) throws {
        let path = cluster.replica(number).prepareLogPath
        let journal = try FileSystem.read(path, limit: 64 << 20)
        let tail: [UInt8] =
            switch Int.random(in: 0...2, using: &random) {
            case 0: Array(repeating: 0, count: Int.random(in: 1...200, using: &random))
            // Half a batch: its records are damaged or missing.
            case 1: Array(journal.dropFirst(5).prefix(12))
            default: (1...20).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
        try DurableFiles.replace(path, with: journal + tail)
    }
}
