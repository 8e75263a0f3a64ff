import BugCatalogue
import ClusterProtocol
import ClusterRunner
import SystemCalls

// A daemon broken on purpose, for tests of the validator: it has the one bug that
// `BROKEN_REPLICA` in its environment names. Without a name it answers committed on its own word
// and forgets on a kill what it answered. Same command line as the real one.

let words = Array(CommandLine.arguments.dropFirst())
guard case .replicaDaemon(let path, let id)? = try? ClusterRequest(arguments: words) else {
    StandardStreams.writeError("usage: replica-daemon --layout-file <path> --replica-id <id>\n")
    exitProcess(1)
}
let layout = try ClusterWorkspace.readLayout(path)
guard let replica = layout.replica(id) else { exitProcess(1) }
let name = Environment["BROKEN_REPLICA"] ?? Bug.forgetsWrites.rawValue
guard let bug = Bug(rawValue: name) else {
    StandardStreams.writeError("no bug `\(name)`\n")
    exitProcess(1)
}
exitProcess(BrokenDaemon(layout, replica).run(bug))
