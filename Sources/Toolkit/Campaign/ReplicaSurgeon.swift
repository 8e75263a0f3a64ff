import ClusterProtocol
import LeaseKernel
import Nemesis
import Replication
import SystemCalls
import Testbed

/// Operates on the folders of a local cluster. This is the one place where the validator uses the
/// engine's code: the folders are the daemon's, and only their own recovery rules can rewrite
/// them (architecture, rule 3).
struct ReplicaSurgeon: Surgeon {
    let layout: ClusterLayout

    /// How often the folder of a running primary is read until a reading is consistent: its
    /// files change while they are copied.
    static let readings = 5

    func carryOut(_ operation: SurgicalOperation) throws(SurgeonRefusal) {
        try carryOut(operation) { _ in }
    }

    func carryOut(
        _ operation: SurgicalOperation, onStep: (SurgeryStep) -> Void
    ) throws(SurgeonRefusal) {
        switch operation {
        case .takeOver(let target, let supports):
            var folders: [WorkspaceFolder] = []
            for replica in [target] + supports { folders.append(try folder(replica)) }
            do throws(SurgeryError) {
                try Surgery.takeOver(
                    folders, primary: target, configuration: layout.kernel, onStep: onStep)
            } catch {
                throw SurgeonRefusal("\(error)")
            }
        case .rejoin(let replica, let primary):
            let folder = try folder(replica)
            let source = try self.folder(primary)
            try repeatedly { () throws(SurgeryError) in
                try Surgery.rejoin(
                    folder, from: source, configuration: layout.kernel, onStep: onStep)
            }
        case .rebuild(let replica, let primary):
            let folder = try folder(replica)
            let source = try self.folder(primary)
            let identity = ReplicaIdentity(
                replicaID: replica, shardID: ShardID(layout.kernel.shardID))
            try repeatedly { () throws(SurgeryError) in
                try Surgery.replace(
                    folder, identity: identity, format: try source.read().format, from: source,
                    configuration: layout.kernel, onStep: onStep)
            }
        }
    }

    func carryOut(
        _ operation: SurgicalOperation, killedAtStep step: UInt64
    ) throws(SurgeonRefusal) -> String? {
        guard let tool = ToolProgram.path else {
            throw SurgeonRefusal("there is no program \(ToolProgram.name) beside this one")
        }
        let path = Path.join(layout.workspaceRoot, ClusterLayout.fileName)
        return try SurgeryProcess(tool: tool, layoutPath: path).carryOut(
            operation, killedAtStep: step)
    }

    private func folder(_ replica: ReplicaID) throws(SurgeonRefusal) -> WorkspaceFolder {
        guard let place = layout.replica(replica) else {
            throw SurgeonRefusal("replica \(replica) is not in the layout")
        }
        return WorkspaceFolder(place.workspaceDirectory)
    }

    private func repeatedly<Plan>(
        _ body: () throws(SurgeryError) -> Plan
    ) throws(SurgeonRefusal) {
        for reading in 1...Self.readings {
            do throws(SurgeryError) {
                _ = try body()
                return
            } catch {
                if reading == Self.readings { throw SurgeonRefusal("\(error)") }
            }
        }
    }
}
