import ByteCoding
import ClusterProtocol
import DurableFiles
import LeaseEngine
import LeaseKernel
import Replication

extension FuzzTarget {
    /// The files of a replica, which a crash, a disk or another implementation may have written.
    static let replicaFileTargets = [
        FuzzTarget("replica-log", replicaLog),
        FuzzTarget("replica-journal", replicaJournal),
        FuzzTarget("replica-metadata", replicaMetadata),
        FuzzTarget("replica-snapshot", maximumBytes: 8192, replicaSnapshot),
    ]

    /// The write-ahead log: what is read of it is what stands there. Looked at as it is, and with
    /// checksums that fit, which a fuzzer would not find.
    private static func replicaLog(_ bytes: [UInt8]) throws {
        for file in [bytes, repairedLog(bytes)] {
            let scan = WALScan(file)
            try expect(scan.validUpTo <= file.count, "nothing is read beyond the end")
            try expectSame(
                WALScan(scan.frames.flatMap { $0.encode() }).frames, scan.frames,
                "a log written again has the same frames")
        }
    }

    private static func repairedLog(_ bytes: [UInt8]) -> [UInt8] {
        var file = bytes
        var offset = 0
        while let length = try? WALFrame.encodedLength(of: file, at: offset),
            length <= file.count - offset
        {
            store(0, in: &file, at: offset + 27)
            store(
                CRC32C.checksum(file[(offset + 8)..<(offset + length)]), in: &file, at: offset + 27)
            offset += length
        }
        return file
    }

    private static func replicaJournal(_ bytes: [UInt8]) throws {
        for file in [bytes, repairedJournal(bytes)] {
            guard let content = try? JournalReader.read(file) else { continue }
            try expect(content.validBytes <= file.count, "nothing is read beyond the end")
            let records =
                [
                    JournalRecord.baseline(
                        durable: content.baseline, highest: content.baselineHighest)
                ] + content.entries.map { .entry($0) }
                + [.generation(content.highestGeneration), .commit(content.commit)]
            let again = try JournalReader.read(JournalFormat.encode(records))
            try expectSame(again.entries, content.entries, "a journal has the same entries again")
            try expectSame(again.commit, content.commit, "a journal has the same commit again")
        }
    }

    /// With the lengths that stand there, and checksums that fit them.
    private static func repairedJournal(_ bytes: [UInt8]) -> [UInt8] {
        var file = bytes
        var offset = JournalFormat.header.count
        while offset + JournalFormat.recordHeaderLength <= file.count {
            let length = file[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            let start = offset + JournalFormat.recordHeaderLength
            guard length > 0, length <= file.count - start else { break }
            store(CRC32C.checksum(file[start..<start + length]), in: &file, at: offset + 4)
            offset = start + length
        }
        return file
    }

    /// Both versions of the metadata, and the prepared log of the reference.
    private static func replicaMetadata(_ bytes: [UInt8]) throws {
        guard let input = ChosenInput(bytes, of: 3) else { return }
        switch input.choice {
        case 0:
            guard let metadata = try? MetadataFormatV2.load(input.rest) else { return }
            try expectSame(
                MetadataFormatV2.encode(metadata), input.rest, "metadata have one encoding")
        case 1:
            var file = input.rest
            if file.count > 4 {
                store(CRC32C.checksum(file.dropLast(4)), in: &file, at: file.count - 4)
            }
            guard let metadata = try? MetadataFormatV3.decode(file) else { return }
            try expectSame(MetadataFormatV3.encode(metadata), file, "metadata have one encoding")
        default:
            let limits = PreparedLogFormatV2.Limits(
                maximumEntries: 64, maximumPayloadBytes: 4096)
            guard let entries = try? PreparedLogFormatV2.load(input.rest, limits: limits) else {
                return
            }
            try expectSame(
                try PreparedLogFormatV2.load(PreparedLogFormatV2.encode(entries), limits: limits),
                entries, "prepared entries written again are the same")
        }
    }

    /// A snapshot, the state that is restored from it, and the log commands that follow.
    private static func replicaSnapshot(_ bytes: [UInt8]) throws {
        guard let snapshot = try? SnapshotCodec.decode(bytes) else { return }
        let image = try SnapshotCodec.encode(snapshot)
        try expectSame(
            try SnapshotCodec.decode(image), snapshot, "a snapshot written again is the same")
        let configuration = KernelConfiguration(
            shardID: 1, maxResources: 64, maxReservations: 64, maxBundleSize: 8, maxOperations: 64,
            maxTTLSlots: 64, maxClientRetryWindowSlots: 64, reservationHistoryWindowSlots: 64,
            maxExpirationBucketLength: 64)
        guard let kernel = try? Kernel(restoring: snapshot, configuration: configuration) else {
            return
        }
        try expectSame(
            try Kernel(restoring: kernel.snapshot(), configuration: configuration).snapshot(),
            kernel.snapshot(), "a restored state is the same when restored again")
    }

    private static func store(_ value: UInt32, in file: inout [UInt8], at offset: Int) {
        for index in 0..<4 {
            file[offset + index] = UInt8(truncatingIfNeeded: value >> (index * 8))
        }
    }
}
