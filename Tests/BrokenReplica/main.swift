import ClusterProtocol
import ClusterRunner
import LeaseKernel
import ReplicaServer
import Replication
import SystemCalls

// A daemon broken on purpose, for tests of the validator. As it is, it answers committed on its
// own word, without a quorum, and forgets on a kill what it answered. With `BROKEN_REPLICA` in the
// environment it has the one bug of that name instead (`Meddling`). Same command line as the real
// one.

let words = Array(CommandLine.arguments.dropFirst())
guard case .replicaDaemon(let path, let id)? = try? ClusterRequest(arguments: words) else {
    StandardStreams.writeError("usage: replica-daemon --layout-file <path> --replica-id <id>\n")
    exitProcess(1)
}
let layout = try ClusterWorkspace.readLayout(path)
guard let replica = layout.replica(id) else { exitProcess(1) }
let daemon = ReplicaDaemon(layout: layout, replica: replica)
if let name = Environment["BROKEN_REPLICA"] {
    guard let meddling = Meddling(rawValue: name) else {
        StandardStreams.writeError("no bug `\(name)`\n")
        exitProcess(1)
    }
    let real = DaemonParts.standard
    exitProcess(
        daemon.run(
            DaemonParts(openStorage: real.openStorage) { storage, layout, replica, now in
                MeddlingReplica(
                    try real.recover(&storage, layout, replica, now), meddling)
            }))
}
let parts = DaemonParts.live(
    openStorage: { ForgetfulStorage(ReplicaFolder(of: $0)) },
    adjust: { settings in
        settings.quorum = 1
        settings.peers = []
    })
exitProcess(daemon.run(parts))
