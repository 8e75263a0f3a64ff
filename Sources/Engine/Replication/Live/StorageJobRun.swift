import LeaseEngine
import LeaseKernel

extension StorageJob {
    /// Does the work in order and gives up at the first failure. The server, the
    /// simulator and tests all run jobs through here.
    public func run(on storage: inout some ReplicaStorage) -> StorageOutcome {
        var outcome = StorageOutcome.done
        storage.begin(purpose)
        do {
            for step in work {
                if let result = try step.run(on: &storage) { outcome = result }
            }
            return outcome
        } catch {
            return .failed(error)
        }
    }
}

extension StorageWork {
    /// What a reading step found; nil for a writing one.
    fileprivate func run(
        on storage: inout some ReplicaStorage
    ) throws(StorageFailure) -> StorageOutcome? {
        switch self {
        case .append(let file, let bytes):
            try storage.append(file, bytes)
            return nil
        case .sync(let file):
            try storage.sync(file)
            return nil
        case .replace(let file, let bytes):
            try storage.replace(file, with: bytes)
            return nil
        case .replaceSnapshot(let bytes):
            try storage.replaceSnapshot(with: bytes)
            return nil
        case .checkpoint(let state, let keepAbove):
            try Self.checkpoint(state, keepAbove: keepAbove, on: &storage)
            return nil
        case .readLog(let request):
            return try request.read(from: &storage)
        case .readSnapshot:
            guard let bytes = try storage.read(.snapshot) else {
                throw StorageFailure("reading the snapshot for a peer: there is none")
            }
            guard SnapshotChecksums.accept(bytes, checksums: try storage.read(.snapshotChecksums))
            else {
                throw StorageFailure("reading the snapshot for a peer: it is damaged")
            }
            return .snapshot(bytes)
        }
    }

    /// Snapshot first, log second: after a crash between them the frames that the snapshot
    /// holds are skipped. The log is synced before, so that no position is in neither.
    private static func checkpoint(
        _ state: Kernel, keepAbove: LSN?, on storage: inout some ReplicaStorage
    ) throws(StorageFailure) {
        let image: [UInt8]
        do {
            image = try SnapshotCodec.encode(state.snapshot())
        } catch {
            throw StorageFailure("encoding the snapshot: \(error)")
        }
        try storage.sync(.log)
        let log = try storage.read(.log) ?? []
        var kept: [UInt8] = []
        kept.reserveCapacity(log.count)
        var cursor = LogCursor(log)
        while let (frame, range) = cursor.next() {
            if frame.lsn > keepAbove ?? LSN(0) { kept.append(contentsOf: log[range]) }
        }
        guard cursor.offset == log.count else {
            throw StorageFailure("the log is damaged at offset \(cursor.offset)")
        }
        if let lsn = state.lastAppliedLSN {
            kept.append(contentsOf: LogMarker.frame(lsn: lsn, slot: state.lastRequestSlot))
        }
        try storage.replaceSnapshot(with: image)
        try storage.replace(.log, with: kept)
    }
}

/// The frame that tells in the log where a snapshot stands (durability.md 2.2).
enum LogMarker {
    static func frame(lsn: LSN, slot: Slot?) -> [UInt8] {
        WALFrame(
            lsn: lsn, requestSlot: slot ?? Slot(0), recordType: .snapshotMarker, payload: []
        ).encode()
    }
}

/// Walks over the valid frames at the beginning of a log.
struct LogCursor {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next frame and where it lies; nil at the end and at the first damage.
    mutating func next() -> (WALFrame, Range<Int>)? {
        guard let frame = try? WALFrame.decode(bytes, at: offset) else { return nil }
        let range = offset..<offset + frame.encodedLength
        offset = range.upperBound
        return (frame, range)
    }
}

extension LogReadRequest {
    /// Reads a window of the file rather than all of it; a frame that passes the window's end
    /// widens it.
    fileprivate func read(
        from storage: inout some ReplicaStorage
    ) throws(StorageFailure) -> StorageOutcome {
        var entries: [PreparedEntry] = []
        var payloadBytes = 0
        var start = offset
        var window = max(maximumBytes, 4096) * 2
        while true {
            let bytes = try storage.read(.log, at: start, count: window)
            var cursor = LogCursor(bytes)
            var used = 0
            while let (frame, range) = cursor.next() {
                used = range.upperBound
                guard let entry = frame.committedEntry, entry.lsn >= from else { continue }
                let full = !entries.isEmpty && payloadBytes + entry.payload.count > maximumBytes
                if full {
                    return .log(entries: entries, nextOffset: start + range.lowerBound)
                }
                payloadBytes += entry.payload.count
                entries.append(entry)
            }
            start += used
            if bytes.count < window { return .log(entries: entries, nextOffset: start) }
            if used == 0 { window *= 2 }
        }
    }
}

extension WALFrame {
    /// The frame as an entry again; nil for a marker. The log does not say in which view an
    /// entry was prepared: 0 stands for that.
    var committedEntry: PreparedEntry? {
        let kind: PreparedEntry.Kind
        switch recordType {
        case .clientCommand: kind = .client
        case .internalCommand: kind = .internal
        case .snapshotMarker: return nil
        }
        return PreparedEntry(
            kind: kind, view: View(0), lsn: lsn, requestSlot: requestSlot, payload: payload)
    }

    init(committing entry: PreparedEntry) {
        let type: RecordType =
            switch entry.kind {
            case .client: .clientCommand
            case .internal: .internalCommand
            }
        self.init(
            lsn: entry.lsn, requestSlot: entry.requestSlot, recordType: type,
            payload: entry.payload)
    }
}
