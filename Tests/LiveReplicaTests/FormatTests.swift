import ByteCoding
import ClusterProtocol
import LeaseKernel
import Testing

@testable import Replication

private func entry(_ lsn: UInt64, generation: UInt64 = 1, bytes: Int = 5) -> ReplicatedEntry {
    ReplicatedEntry(
        entry: PreparedEntry(
            kind: lsn.isMultiple(of: 3) ? .internal : .client, view: View(2), lsn: LSN(lsn),
            requestSlot: Slot(lsn * 10), payload: Array(repeating: UInt8(lsn & 255), count: bytes)),
        generation: Generation(generation))
}

@Suite struct JournalTests {
    /// Three batches as the receiver writes them.
    private static func journal() -> (bytes: [UInt8], batchStarts: [Int]) {
        var writer = ByteWriter()
        writer.write(
            JournalFormat.encode([
                .baseline(durable: LSN(4), highest: Term(view: View(2), generation: Generation(1))),
                .generation(Generation(7)),
            ]))
        var starts: [Int] = []
        for batch in 0..<3 {
            starts.append(writer.bytes.count)
            JournalFormat.append(.batch(offset: UInt64(writer.bytes.count)), to: &writer)
            if batch > 0 { JournalFormat.append(.commit(LSN(UInt64(4 + batch))), to: &writer) }
            for number in 0..<2 {
                JournalFormat.append(
                    .entry(entry(UInt64(5 + batch * 2 + number), generation: 7)), to: &writer)
            }
        }
        return (writer.bytes, starts)
    }

    @Test("a journal says what was written")
    func readsBack() throws {
        let content = try JournalReader.read(Self.journal().bytes)
        #expect(content.entries == (5...10).map { entry($0, generation: 7) })
        #expect(content.baseline == LSN(4))
        #expect(content.commit == LSN(6))
        #expect(content.highestGeneration == Generation(7))
        #expect(content.highestTerm == Term(view: View(2), generation: Generation(7)))
    }

    @Test("a journal cut anywhere keeps every whole record and never traps")
    func cutAnywhere() throws {
        let (bytes, _) = Self.journal()
        var longest = 0
        for length in JournalFormat.header.count...bytes.count {
            let content = try JournalReader.read(Array(bytes.prefix(length)))
            #expect(content.validBytes <= length)
            #expect(content.entries.count >= longest)
            longest = content.entries.count
        }
        #expect(longest == 6)
    }

    @Test("damage in the last batch is a torn tail, damage before it is corruption")
    func damage() {
        let (bytes, starts) = Self.journal()
        for offset in JournalFormat.header.count..<bytes.count {
            var damaged = bytes
            damaged[offset] ^= 0x40
            do throws(JournalDecodeError) {
                let content = try JournalReader.read(damaged)
                #expect(offset >= starts[2], "damage at \(offset) was cut away")
                #expect(content.entries.count >= 4)
            } catch {
                #expect(offset < starts[2], "damage at \(offset) gave \(error)")
            }
        }
    }

    @Test("a discard takes entries away and others take their place")
    func discard() throws {
        let bytes = JournalFormat.encode([
            .entry(entry(1)), .entry(entry(2)), .entry(entry(3)), .discard(from: LSN(2)),
            .entry(entry(2, generation: 2)),
        ])
        let content = try JournalReader.read(bytes)
        #expect(content.entries == [entry(1), entry(2, generation: 2)])
        #expect(throws: JournalDecodeError.self) {
            _ = try JournalReader.read(
                JournalFormat.encode([.entry(entry(1)), .entry(entry(3))]))
        }
        #expect(throws: JournalDecodeError.self) {
            _ = try JournalReader.read(
                JournalFormat.encode([.entry(entry(1)), .commit(LSN(1)), .discard(from: LSN(1))]))
        }
    }

    @Test("metadata of version 3 comes back, and no flipped bit goes unnoticed")
    func metadata() throws {
        let metadata = ReplicaMetadata(
            replicaID: ReplicaID(2), shardID: ShardID(9), currentView: View(4), role: .backup,
            commitLSN: LSN(77), activeSnapshotLSN: LSN(50), lastNormalView: View(4),
            durableVote: DurableVote(view: View(5), votedFor: ReplicaID(3)))
        let bytes = MetadataFormatV3.encode(metadata)
        #expect(try MetadataFormatV3.decode(bytes) == metadata)
        #expect(MetadataFormatV3.recognises(bytes))
        #expect(!MetadataFormatV3.recognises(MetadataFormatV2.encode(metadata)))
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect((try? MetadataFormatV3.decode(damaged)) == nil)
            }
            #expect((try? MetadataFormatV3.decode(Array(bytes.prefix(index)))) == nil)
        }
    }
}

@Suite struct PeerCodecTests {
    private static let term = Term(view: View(3), generation: Generation(2))
    private static let status = PeerStatus(
        view: View(9), role: .viewUncertain, commit: LSN(4), highestPrepared: LSN(6))
    private static let messages: [PeerMessage] =
        [
            .confirm(term, round: 8), .confirmed(term, round: 8),
            .append(
                AppendEntries(
                    term: term, previous: LSN(4), previousGeneration: Generation(1),
                    commit: CommitMark(lsn: LSN(3), checksum: 0xdead_beef),
                    entries: [entry(5), entry(6, generation: 2, bytes: 0)])),
            .append(
                AppendEntries(
                    term: term, previous: LSN(0), previousGeneration: .unknown,
                    commit: CommitMark(lsn: LSN(0), checksum: nil), entries: [])),
            .appended(term, matched: LSN(6), commit: CommitMark(lsn: LSN(6), checksum: 1)),
            .mismatch(term, resumeAfter: LSN(2)),
            .snapshotChunk(
                SnapshotChunk(
                    term: term, snapshot: LSN(100), highest: term, totalBytes: 10, offset: 4,
                    bytes: [1, 2, 3])),
            .snapshotReceived(term, snapshot: LSN(100), offset: 7, installed: true),
            .status(status),
        ] + PeerRefusal.allCases.map { .refused(status, $0) }

    @Test("every message comes back, whole, byte by byte and concatenated")
    func roundTrip() throws {
        let stream = Self.messages.flatMap { PeerFrame.encode($0) }
        for step in [1, 7, stream.count] {
            var reader = PeerFrameReader()
            var found: [PeerMessage] = []
            for start in stride(from: 0, to: stream.count, by: step) {
                reader.feed(stream[start..<min(stream.count, start + step)])
                while let message = try reader.next() { found.append(message) }
            }
            #expect(found == Self.messages)
        }
    }

    @Test("a damaged or cut message is an error or waits, and never traps")
    func damage() {
        for message in Self.messages {
            let frame = PeerFrame.encode(message)
            let body = Array(frame.dropFirst(PeerFrame.headerLength))
            for length in 0..<body.count {
                #expect(
                    (try? PeerMessageCodec.decode(Array(body.prefix(length)), in: 0..<length))
                        == nil)
            }
            for index in frame.indices {
                var damaged = frame
                damaged[index] ^= 0x81
                var reader = PeerFrameReader()
                reader.feed(damaged)
                #expect((try? reader.next()) != message)
                // The same without the checksum in front: any outcome but a trap.
                if index >= PeerFrame.headerLength {
                    let body = Array(damaged.dropFirst(PeerFrame.headerLength))
                    _ = try? PeerMessageCodec.decode(body, in: 0..<body.count)
                }
            }
        }
    }

    @Test("a frame that announces more than the limit ends the stream at once")
    func limit() {
        var reader = PeerFrameReader()
        reader.feed([0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0])
        #expect(throws: PeerCodecError.self) { _ = try reader.next() }
        var counted = ByteWriter()
        PeerMessageCodec.encode(Self.messages[3], to: &counted)
        counted.overwrite(UInt32.max, at: counted.bytes.count - 4)
        let bytes = counted.bytes
        #expect(throws: PeerCodecError.bufferTooShort) {
            _ = try PeerMessageCodec.decode(bytes, in: 0..<bytes.count)
        }
    }
}

@Suite struct LogStandingTests {
    private struct Claim {
        var view: UInt64
        var term: (view: UInt64, generation: UInt64)
        var lsn: UInt64

        var standing: LogStanding {
            LogStanding(
                lastNormalView: View(view),
                highestTerm: Term(view: View(term.view), generation: Generation(term.generation)),
                highestPrepared: LSN(lsn))
        }
    }

    @Test("view, then life of that view's primary, then length decide")
    func order() {
        let pairs: [(better: Claim, worse: Claim)] = [
            (Claim(view: 2, term: (2, 1), lsn: 5), Claim(view: 1, term: (1, 9), lsn: 90)),
            (Claim(view: 2, term: (2, 3), lsn: 5), Claim(view: 2, term: (2, 2), lsn: 9)),
            (Claim(view: 2, term: (2, 2), lsn: 9), Claim(view: 2, term: (2, 2), lsn: 8)),
            // A life of an older view says nothing any more.
            (Claim(view: 2, term: (2, 1), lsn: 7), Claim(view: 2, term: (1, 9), lsn: 8)),
            (Claim(view: 2, term: (1, 1), lsn: 7), Claim(view: 2, term: (1, 9), lsn: 6)),
        ]
        for pair in pairs { #expect(pair.better.standing > pair.worse.standing) }
    }
}
