import ClusterProtocol
import ClusterRunner
import LeaseKernel
import ReplicaServer
import Replication
import SystemCalls

// The real daemon, except that it ends itself with SIGKILL at the storage boundary that a test
// names, and that its bounds are small, so that a few writes reach all of them. It takes the
// command line `replica-daemon --layout-file PATH --replica-id N`.

func run(_ arguments: [String]) throws -> Int32 {
    guard case .replicaDaemon(let path, let id) = try ClusterRequest(arguments: arguments) else {
        StandardStreams.writeError("only `replica-daemon` is possible here\n")
        return 2
    }
    let layout = try ClusterWorkspace.readLayout(path)
    guard let replica = layout.replica(id) else {
        throw ClusterRunnerError.replicaUnknown(id, layoutPath: path)
    }
    let trigger = CrashTrigger(workspaceRoot: layout.workspaceRoot, replica: id)
    let parts = DaemonParts.live(
        openStorage: { CrashingFolder(of: $0, trigger: trigger) },
        adjust: { settings in
            settings.limits.journalBytes = 1500
            settings.limits.recentEntries = 4
            settings.limits.snapshotChunkBytes = 1024
        })
    return ReplicaDaemon(layout: layout, replica: replica).run(parts)
}

do {
    exitProcess(try run(Array(CommandLine.arguments.dropFirst())))
} catch {
    StandardStreams.writeError("\(error)\n")
    exitProcess(1)
}
