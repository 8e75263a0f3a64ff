import ClusterProtocol
import ClusterRunner
import LeaseKernel
import ReplicaServer
import Replication
import SystemCalls

// A daemon broken on purpose, for tests of the validator: it acknowledges before it syncs. Same
// command line as the real one.

let words = Array(CommandLine.arguments.dropFirst())
guard case .replicaDaemon(let path, let id)? = try? ClusterRequest(arguments: words) else {
    StandardStreams.writeError("usage: replica-daemon --layout-file <path> --replica-id <id>\n")
    exitProcess(1)
}
let layout = try ClusterWorkspace.readLayout(path)
guard let replica = layout.replica(id) else { exitProcess(1) }
let parts = DaemonParts.live(openStorage: { UnsyncedStorage(ReplicaFolder(of: $0)) })
exitProcess(ReplicaDaemon(layout: layout, replica: replica).run(parts))
