import LeaseEngine
import Replication

/// The files of one replica whose process can be killed between, and inside, any two writes.
///
/// The write at which the process dies is done or not, as chosen; a log append may be done in
/// part. What was appended and not synced may be lost.
final class MortalStorage: NodeStorage, EngineStorage {
    let inner: MemoryNodeStorage
    /// Writes left until the process dies; nil while it is not meant to.
    private var writesLeft: Int?
    private var lastWriteHappens = false
    private(set) var isDead = false

    /// One and the same process writes all files.
    var engine: MortalStorage { self }

    init(_ inner: MemoryNodeStorage) {
        self.inner = inner
    }

    func die(afterWrites count: Int, lastWriteHappens: Bool) {
        writesLeft = count
        self.lastWriteHappens = lastWriteHappens
    }

    private static let killed = InputOutputFailure(code: 5)

    private func write(
        _ body: () throws(InputOutputFailure) -> Void,
        inPart part: () throws(InputOutputFailure) -> Void = {}
    ) throws(InputOutputFailure) {
        if isDead { throw Self.killed }
        guard let left = writesLeft else { return try body() }
        guard left == 0 else {
            writesLeft = left - 1
            return try body()
        }
        isDead = true
        if lastWriteHappens { try body() } else { try part() }
        throw Self.killed
    }

    func readMetadata(limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        try inner.readMetadata(limit: limit)
    }

    func replaceMetadata(with bytes: [UInt8]) throws(InputOutputFailure) {
        try write { () throws(InputOutputFailure) in try inner.replaceMetadata(with: bytes) }
    }

    func readPreparedLog(limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        try inner.readPreparedLog(limit: limit)
    }

    func replacePreparedLog(with bytes: [UInt8]) throws(InputOutputFailure) {
        try write { () throws(InputOutputFailure) in try inner.replacePreparedLog(with: bytes) }
    }

    func openWAL() throws(InputOutputFailure) { try inner.engine.openWAL() }

    func readWAL() throws(InputOutputFailure) -> [UInt8] { try inner.engine.readWAL() }

    func appendToWAL(_ bytes: [UInt8]) throws(InputOutputFailure) {
        try write(
            { () throws(InputOutputFailure) in try inner.engine.appendToWAL(bytes) },
            inPart: { () throws(InputOutputFailure) in
                try inner.engine.appendToWAL(Array(bytes.prefix(bytes.count / 2)))
            })
    }

    func syncWAL() throws(InputOutputFailure) {
        try write { () throws(InputOutputFailure) in try inner.engine.syncWAL() }
    }

    func truncateWAL(to length: Int) throws(InputOutputFailure) {
        try write { () throws(InputOutputFailure) in try inner.engine.truncateWAL(to: length) }
    }

    func replaceWAL(with bytes: [UInt8]) throws(InputOutputFailure) {
        try write { () throws(InputOutputFailure) in try inner.engine.replaceWAL(with: bytes) }
    }

    func readSnapshot() throws(InputOutputFailure) -> [UInt8]? { try inner.engine.readSnapshot() }

    func replaceSnapshot(with bytes: [UInt8]) throws(InputOutputFailure) {
        try write { () throws(InputOutputFailure) in try inner.engine.replaceSnapshot(with: bytes) }
    }
}
