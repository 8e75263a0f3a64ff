import ClusterProtocol
import ClusterRunner
import LeaseKernel
import ReplicaServer
import SystemCalls

/// Runs one command line; returns the exit status.
func run(_ arguments: [String]) -> Int32 {
    do {
        try perform(ClusterRequest(arguments: arguments))
        return 0
    } catch let status as DaemonStatus {
        return status.code
    } catch {
        StandardStreams.writeError("\(error)\n")
        return 1
    }
}

/// A daemon that ended with an error has said why in its log.
struct DaemonStatus: Error {
    let code: Int32
}

func perform(_ request: ClusterRequest) throws {
    let commands = ClusterCommands(
        daemonExecutable: try Processes.ownExecutable(),
        output: { StandardStreams.writeOutput($0 + "\n") })
    switch request {
    case .help: StandardStreams.writeOutput(ClusterRequest.usage + "\n")
    case .start(let path): try commands.start(workspace: path)
    case .stop(let path): try commands.stop(workspace: path)
    case .status(let path): try commands.status(workspace: path)
    case .crash(let path, let id): try commands.crash(workspace: path, replica: id)
    case .restart(let path, let id): try commands.restart(workspace: path, replica: id)
    case .isolate(let path, let id): try commands.isolate(workspace: path, replica: id)
    case .heal(let path, let id): try commands.heal(workspace: path, replica: id)
    case .explain(let path, let id): try commands.explain(workspace: path, replica: id)
    case .checkpoint(let path, let id): try commands.checkpoint(workspace: path, replica: id)
    case .controlStatus(let address): try commands.controlStatus(address)
    case .replicaDaemon(let path, let id): try runDaemon(path, id)
    }
}

func runDaemon(_ layoutPath: String, _ id: ReplicaID) throws {
    let layout = try ClusterWorkspace.readLayout(layoutPath)
    guard let replica = layout.replica(id) else {
        throw ClusterRunnerError.replicaUnknown(id, layoutPath: layoutPath)
    }
    let status = ReplicaDaemon(layout: layout, replica: replica).run(.standard)
    if status != 0 { throw DaemonStatus(code: status) }
}

exitProcess(run(Array(CommandLine.arguments.dropFirst())))
