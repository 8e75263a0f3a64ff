import ClusterProtocol
import ClusterRunner
import LeaseKernel
import ReplicaServer
import Replication
import SystemCalls

// A daemon broken on purpose, for tests of the validator: it answers committed on its own word,
// without a quorum, and forgets on a kill what it answered. Same command line as the real one.

let words = Array(CommandLine.arguments.dropFirst())
guard case .replicaDaemon(let path, let id)? = try? ClusterRequest(arguments: words) else {
    StandardStreams.writeError("usage: replica-daemon --layout-file <path> --replica-id <id>\n")
    exitProcess(1)
}
let layout = try ClusterWorkspace.readLayout(path)
guard let replica = layout.replica(id) else { exitProcess(1) }
let parts = DaemonParts.live(
    openStorage: { ForgetfulStorage(ReplicaFolder(of: $0)) },
    adjust: { settings in
        settings.quorum = 1
        settings.peers = []
    })
exitProcess(ReplicaDaemon(layout: layout, replica: replica).run(parts))
