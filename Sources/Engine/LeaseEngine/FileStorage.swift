import DurableFiles
import SystemCalls

/// The engine's files on a disk.
public final class FileStorage: EngineStorage {
    /// Longest file that is read into memory: 4 GiB.
    public static let maxFileLength = 1 << 32

    public let walPath: String
    public let snapshotPath: String
    private var wal: AppendFile?

    public init(walPath: String, snapshotPath: String) {
        self.walPath = walPath
        self.snapshotPath = snapshotPath
    }

    public func openWAL() throws(InputOutputFailure) {
        _ = try openedWAL()
    }

    public func readWAL() throws(InputOutputFailure) -> [UInt8] {
        let path = walPath
        return try reporting { () throws(SystemError) in
            try DurableFiles.readIfPresent(path, limit: Self.maxFileLength) ?? []
        }
    }

    public func appendToWAL(_ bytes: [UInt8]) throws(InputOutputFailure) {
        var file = try openedWAL()
        // Kept also after a failure: a partial frame stays until the next recovery cuts it.
        defer { wal = file }
        try reporting { () throws(SystemError) in try file.append(bytes) }
    }

    public func syncWAL() throws(InputOutputFailure) {
        let file = try openedWAL()
        try reporting { () throws(SystemError) in try file.sync() }
    }

    public func truncateWAL(to length: Int) throws(InputOutputFailure) {
        var file = try openedWAL()
        defer { wal = file }
        try reporting { () throws(SystemError) in
            try file.truncate(to: length)
            try file.sync()
        }
    }

    public func replaceWAL(with bytes: [UInt8]) throws(InputOutputFailure) {
        // The open file would be the replaced one from here on; the next use opens the new one.
        wal = nil
        let path = walPath
        try reporting { () throws(SystemError) in try DurableFiles.replace(path, with: bytes) }
    }

    public func readSnapshot() throws(InputOutputFailure) -> [UInt8]? {
        let path = snapshotPath
        return try reporting { () throws(SystemError) in
            try DurableFiles.readIfPresent(path, limit: Self.maxFileLength)
        }
    }

    public func replaceSnapshot(with bytes: [UInt8]) throws(InputOutputFailure) {
        let path = snapshotPath
        try reporting { () throws(SystemError) in try DurableFiles.replace(path, with: bytes) }
    }

    private func openedWAL() throws(InputOutputFailure) -> AppendFile {
        if let wal { return wal }
        let path = walPath
        let file = try reporting { () throws(SystemError) in try AppendFile(opening: path) }
        wal = file
        return file
    }

    private func reporting<Value>(
        _ work: () throws(SystemError) -> Value
    ) throws(InputOutputFailure) -> Value {
        do throws(SystemError) {
            return try work()
        } catch {
            throw InputOutputFailure(code: error.code)
        }
    }
}
