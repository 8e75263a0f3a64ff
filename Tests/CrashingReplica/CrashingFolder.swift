import ClusterProtocol
import ReplicaServer
import Replication
import StorageDoubles
import SystemCalls

/// The files of a replica, with a trigger at every boundary. Besides those between two calls to
/// the system there is one inside every write, which leaves the first half: `torn` and
/// `tornReplacement`.
struct CrashingFolder: StorageDecorator, Sendable {
    var disk: ReplicaFolder
    private let trigger: CrashTrigger
    private var purpose = StorageBoundary.Purpose.recovery

    init(of replica: ReplicaLayout, trigger: CrashTrigger) {
        self.trigger = trigger
        disk = ReplicaFolder(of: replica) { trigger.pass("\($0)") }
    }

    mutating func begin(_ purpose: StorageBoundary.Purpose) {
        self.purpose = purpose
        disk.begin(purpose)
    }

    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        if isDue(file, "torn") {
            try disk.append(file, Array(bytes.prefix(bytes.count / 2)))
            trigger.endNow()
        }
        try disk.append(file, bytes)
    }

    mutating func replace(_ file: ReplicaFile, with bytes: [UInt8]) throws(StorageFailure) {
        if isDue(file, "tornReplacement") {
            let half = Array(bytes.prefix(bytes.count / 2))
            do {
                try FileSystem.write(half, to: disk.paths[file] + ".tmp")
            } catch {
                throw StorageFailure("\(error)")
            }
            trigger.endNow()
        }
        try disk.replace(file, with: bytes)
    }

    private func isDue(_ file: ReplicaFile, _ moment: String) -> Bool {
        trigger.isDue("\(purpose.rawValue).\(file.rawValue).\(moment)")
    }
}
