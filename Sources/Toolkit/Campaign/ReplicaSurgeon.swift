import ClusterProtocol
import LeaseKernel
import Nemesis
import Replication

/// Operates on the folders of a local cluster. This is the one place where the validator uses the
/// engine's code: the folders are the daemon's, and only their own recovery rules can rewrite
/// them (architecture, rule 3).
struct ReplicaSurgeon: Surgeon {
    let layout: ClusterLayout

    /// How often the folder of a running primary is read until a reading is consistent: its
    /// files change while they are copied.
    static let readings = 5

    func takeOver(target: ReplicaID, supports: [ReplicaID]) throws(SurgeonRefusal) {
        var folders: [WorkspaceFolder] = []
        for replica in [target] + supports { folders.append(try folder(replica)) }
        do throws(SurgeryError) {
            try Surgery.takeOver(folders, primary: target, configuration: layout.kernel)
        } catch {
            throw SurgeonRefusal("\(error)")
        }
    }

    func rejoin(_ replica: ReplicaID, from primary: ReplicaID) throws(SurgeonRefusal) {
        let folder = try folder(replica)
        let source = try self.folder(primary)
        try repeatedly { () throws(SurgeryError) in
            try Surgery.rejoin(folder, from: source, configuration: layout.kernel)
        }
    }

    func rebuild(_ replica: ReplicaID, from primary: ReplicaID) throws(SurgeonRefusal) {
        let folder = try folder(replica)
        let source = try self.folder(primary)
        let identity = ReplicaIdentity(replicaID: replica, shardID: ShardID(layout.kernel.shardID))
        try repeatedly { () throws(SurgeryError) in
            let format = try source.read().format
            try Surgery.replace(
                folder, identity: identity, format: format, from: source,
                configuration: layout.kernel)
        }
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
