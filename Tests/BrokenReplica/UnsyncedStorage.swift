import Replication
import StorageDoubles

/// The real files, except that nothing appended is ever synced: it is acknowledged while it lies
/// in the system's memory. A kill of the process loses nothing; a power cut does.
struct UnsyncedStorage: StorageDecorator, Sendable {
    var disk: ReplicaFolder

    mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {}
}
