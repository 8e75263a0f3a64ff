import ClusterHarness
import ClusterProtocol
import Foundation
import LeaseKernel
import SystemCalls
import TestSupport
import Testing

extension EndToEndTests {
    @Suite("A folder left by the reference's daemon goes on living")
    struct Upgrade {
        /// Folders of primaries, and the last position that must be committed in the end: what
        /// was committed, and what was prepared, because its client may have been answered.
        @Test(
            "a primary's folder is taken over, its backups are filled, and all of it restarts",
            arguments: [
                ("primary-clean-stop", 12), ("primary-torn-log-tail", 4),
                ("primary-pending-client-entry", 3), ("primary-pending-internal-entries", 9),
                ("primary-killed-inside-commit", 3),
            ] as [(String, UInt64)])
        func primary(workspace: String, last: UInt64) {
            LiveCluster.run(starting: false) { cluster in
                let source = Vectors.folder.appending(path: "workspaces/\(workspace)")
                let folder = cluster.replica(1).workspaceDirectory
                try FileSystem.createFolders(folder)
                for name in try FileSystem.list(source.path) {
                    let bytes = try FileSystem.read(Path.join(source.path, name), limit: 1 << 20)
                    try FileSystem.write(bytes, to: Path.join(folder, name))
                }
                try cluster.startAll()
                for number: UInt64 in 1...3 { try cluster.awaitCommit(LSN(last), at: number) }
                let next = try cluster.eventuallyCommit(
                    .createResource(ResourceID(77)), slot: 1_000_000)
                try cluster.require(
                    next.appliedLSN == LSN(last + 1), "the next position follows: \(next)")
                for number: UInt64 in 1...3 { try cluster.kill(number) }
                try cluster.startAll()
                let reply = try cluster.read(ResourceID(77))
                guard case .response(.resource) = reply else {
                    throw LiveCluster.Unmet("the new entry survives: \(reply)")
                }
            }
        }
    }
}
