import Foundation
import LeaseEngine
import Replication
import TestSupport
import Testing

/// The four files of a replica as golden data names them, in memory or in a folder.
enum NodeFiles: String, CaseIterable {
    case metadata = "replica.metadata"
    case preparedLog = "replica.metadata.prepare"
    case wal = "state.wal"
    case snapshot = "state.snapshot"
}

/// Where a test keeps the files of one replica.
enum NodeHome: CustomStringConvertible {
    case memory(MemoryNodeStorage)
    case folder(URL)

    enum Kind: CaseIterable, Sendable {
        case memory, folder
    }

    init(_ kind: Kind) throws {
        switch kind {
        case .memory: self = .memory(MemoryNodeStorage())
        case .folder:
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "replica-\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            self = .folder(folder)
        }
    }

    var description: String {
        switch self {
        case .memory: "memory"
        case .folder: "folder"
        }
    }

    var storage: any NodeStorage {
        switch self {
        case .memory(let storage): storage
        case .folder(let folder): FileNodeStorage(ReplicaPaths(folder: folder.path))
        }
    }

    func read(_ file: NodeFiles) -> [UInt8]? {
        switch self {
        case .memory(let storage):
            switch file {
            case .metadata: storage.metadata
            case .preparedLog: storage.preparedLog
            case .wal: storage.engine.wal
            case .snapshot: storage.engine.snapshot
            }
        case .folder(let folder):
            (try? Data(contentsOf: folder.appending(path: file.rawValue))).map(Array.init)
        }
    }

    func write(_ file: NodeFiles, _ bytes: [UInt8]?) throws {
        switch self {
        case .memory(let storage):
            switch file {
            case .metadata: storage.metadata = bytes
            case .preparedLog: storage.preparedLog = bytes
            case .wal: storage.engine.wal = bytes
            case .snapshot: storage.engine.snapshot = bytes
            }
        case .folder(let folder):
            let path = folder.appending(path: file.rawValue)
            if let bytes {
                try Data(bytes).write(to: path)
            } else {
                try? FileManager.default.removeItem(at: path)
            }
        }
    }

    /// Makes the next write of the prepared log fail as it does when a folder has the name of
    /// the temporary file, and undoes that after `body`.
    func blockingPreparedLog(_ body: () throws -> Void) throws {
        switch self {
        case .memory(let storage):
            storage.failureCode = EISDIR
            storage.injectOnce(.preparedLogWrite)
            try body()
        case .folder(let folder):
            let obstacle = folder.appending(path: "replica.metadata.prepare.tmp")
            try FileManager.default.createDirectory(
                at: obstacle, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(at: obstacle) }
            try body()
        }
    }

    /// Names in the folder, sorted; nil in memory.
    func listing() throws -> [String]? {
        switch self {
        case .memory: nil
        case .folder(let folder):
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        }
    }

    func remove() {
        switch self {
        case .memory: break
        case .folder(let folder): try? FileManager.default.removeItem(at: folder)
        }
    }
}
