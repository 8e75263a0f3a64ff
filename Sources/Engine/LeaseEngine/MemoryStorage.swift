/// The engine's files in memory, with the failures that disks have: for simulation and tests.
public final class MemoryStorage: EngineStorage {
    /// What the next use of the storage runs into, once.
    public enum Fault: Hashable, Sendable {
        /// The append fails after this many bytes were written.
        case append(afterBytes: Int)
        /// The frame is written, the sync fails.
        case sync
        case truncateWAL
        case replaceWAL
        case replaceSnapshot
    }

    /// Nil while the file does not exist.
    public var wal: [UInt8]?
    public var snapshot: [UInt8]?
    /// Bytes of the log that a power cut leaves in place.
    public private(set) var syncedLength: Int
    /// Number of syncs that succeeded.
    public private(set) var syncCount = 0
    private var fault: Fault?
    private let failure: InputOutputFailure

    /// `failureCode` is the `errno` of injected failures; 5 is an input/output error.
    public init(wal: [UInt8]? = nil, snapshot: [UInt8]? = nil, failureCode: Int32 = 5) {
        self.wal = wal
        self.snapshot = snapshot
        self.syncedLength = wal?.count ?? 0
        self.failure = InputOutputFailure(code: failureCode)
    }

    public func injectOnce(_ fault: Fault) { self.fault = fault }

    /// Inverts the last byte of the log, if it has one.
    public func corruptLastByteOfWAL() {
        guard let wal, let last = wal.last else { return }
        self.wal?[wal.count - 1] = ~last
    }

    /// Cuts bytes from the end of the log, as a torn write does.
    public func tearWAL(_ count: Int) {
        let length = wal?.count ?? 0
        wal?.removeLast(min(max(count, 0), length))
        syncedLength = min(syncedLength, wal?.count ?? 0)
    }

    /// What was appended but not synced is gone, except its first `count` bytes.
    public func cutPower(keepingUnsynced count: Int = 0) {
        guard let wal else { return }
        self.wal = Array(wal.prefix(syncedLength + max(count, 0)))
    }

    public func openWAL() throws(InputOutputFailure) {
        if wal == nil { wal = [] }
    }

    public func readWAL() throws(InputOutputFailure) -> [UInt8] { wal ?? [] }

    public func appendToWAL(_ bytes: [UInt8]) throws(InputOutputFailure) {
        if case .append(let count) = fault {
            fault = nil
            wal = (wal ?? []) + bytes.prefix(max(count, 0))
            throw failure
        }
        if wal == nil { wal = [] }
        wal?.append(contentsOf: bytes)
    }

    public func syncWAL() throws(InputOutputFailure) {
        try failIfWanted(.sync)
        syncedLength = wal?.count ?? 0
        syncCount += 1
    }

    public func truncateWAL(to length: Int) throws(InputOutputFailure) {
        try failIfWanted(.truncateWAL)
        wal = Array((wal ?? []).prefix(max(length, 0)))
        syncedLength = wal?.count ?? 0
    }

    public func replaceWAL(with bytes: [UInt8]) throws(InputOutputFailure) {
        try failIfWanted(.replaceWAL)
        wal = bytes
        syncedLength = bytes.count
    }

    public func readSnapshot() throws(InputOutputFailure) -> [UInt8]? { snapshot }

    public func replaceSnapshot(with bytes: [UInt8]) throws(InputOutputFailure) {
        try failIfWanted(.replaceSnapshot)
        snapshot = bytes
    }

    private func failIfWanted(_ wanted: Fault) throws(InputOutputFailure) {
        guard fault == wanted else { return }
        fault = nil
        throw failure
    }
}
