import DurableFiles
public import LeaseEngine
import SystemCalls

/// The files of one replica on a disk.
public final class FileNodeStorage: NodeStorage {
    public let paths: ReplicaPaths
    public let engine: FileStorage

    public init(_ paths: ReplicaPaths) {
        self.paths = paths
        engine = FileStorage(walPath: paths.log, snapshotPath: paths.snapshot)
    }

    public func readMetadata(limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        try read(paths.metadata, limit: limit)
    }

    public func replaceMetadata(with bytes: [UInt8]) throws(InputOutputFailure) {
        try replace(paths.metadata, with: bytes, sync: .data)
    }

    public func readPreparedLog(limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        try read(paths.journal, limit: limit)
    }

    public func replacePreparedLog(with bytes: [UInt8]) throws(InputOutputFailure) {
        try replace(paths.journal, with: bytes, sync: .full)
    }

    private func read(_ path: String, limit: UInt64) throws(InputOutputFailure) -> BoundedRead {
        do throws(SystemError) {
            let file = try FileSystem.open(path, .readOnly)
            let length = try file.size()
            guard UInt64(length) <= limit else { return .tooLong(length: UInt64(length)) }
            return .contents(try FileSystem.read(path, limit: length))
        } catch {
            if error.code == 2 { return .absent }
            throw InputOutputFailure(code: error.code)
        }
    }

    private func replace(
        _ path: String, with bytes: [UInt8], sync: DurableFiles.Sync
    ) throws(InputOutputFailure) {
        do throws(SystemError) {
            try DurableFiles.replace(path, with: bytes, sync: sync)
        } catch {
            throw InputOutputFailure(code: error.code)
        }
    }
}
