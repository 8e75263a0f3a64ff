import ClusterProtocol
import LeaseKernel
import Nemesis
import Replication

/// Takes over on the folders of a local cluster whose daemons are down. This is the one place
/// where the validator uses the engine's code: the folders are the daemon's, and only their own
/// recovery rules can rewrite them (architecture, rule 3).
struct ReplicaSurgeon: TakeoverSurgeon {
    let layout: ClusterLayout

    func takeOver(target: ReplicaID, support: ReplicaID) throws(TakeoverRefusal) {
        var folders: [WorkspaceFolder] = []
        for replica in [target, support] {
            guard let place = layout.replica(replica) else {
                throw TakeoverRefusal("replica \(replica) is not in the layout")
            }
            folders.append(WorkspaceFolder(place.workspaceDirectory))
        }
        do throws(SurgeryError) {
            try Surgery.takeOver(folders, primary: target, configuration: layout.kernel)
        } catch {
            throw TakeoverRefusal("\(error)")
        }
    }
}
