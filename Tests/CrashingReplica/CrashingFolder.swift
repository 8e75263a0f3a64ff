import ClusterProtocol
import ReplicaServer
import Replication
import SystemCalls

/// The files of a replica, with a trigger at every boundary. Besides those between two calls to
/// the system there is one inside every write, which leaves the first half: `torn` and
/// `tornReplacement`.
struct CrashingFolder: ReplicaStorage, Sendable {
    private var folder: ReplicaFolder
    private let trigger: CrashTrigger
    private var purpose = StorageBoundary.Purpose.recovery

    init(of replica: ReplicaLayout, trigger: CrashTrigger) {
        self.trigger = trigger
        folder = ReplicaFolder(of: replica) { trigger.pass("\($0)") }
    }

    mutating func begin(_ purpose: StorageBoundary.Purpose) {
        self.purpose = purpose
        folder.begin(purpose)
    }

    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        try folder.read(file)
    }

    mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8] {
        try folder.read(file, at: offset, count: count)
    }

    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        if isDue(file, "torn") {
            try folder.append(file, Array(bytes.prefix(bytes.count / 2)))
            trigger.endNow()
        }
        try folder.append(file, bytes)
    }

    mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {
        try folder.sync(file)
    }

    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure) {
        if isDue(file, "tornReplacement") {
            let half = Array(bytes.prefix(bytes.count / 2))
            do {
                try FileSystem.write(half, to: folder.paths[file] + ".tmp")
            } catch {
                throw StorageFailure("\(error)")
            }
            trigger.endNow()
        }
        try folder.replace(file, with: bytes)
    }

    mutating func truncate(_ file: ReplicaFile, to length: Int) throws(StorageFailure) {
        try folder.truncate(file, to: length)
    }

    private func isDue(_ file: ReplicaFile, _ moment: String) -> Bool {
        trigger.isDue("\(purpose.rawValue).\(file.rawValue).\(moment)")
    }
}
