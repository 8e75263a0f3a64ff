import ClusterProtocol
import LeaseKernel
import Nemesis
import SystemCalls
import Testbed

/// Operates on copies: fetches the folders of replicas on other machines, rewrites them here, and
/// puts them back. Each folder is put in one step, the new primary's last, so an operation that is
/// interrupted anywhere has changed folders that nothing counts on yet, and is done again or not.
/// With a process that is killed its copies are lost, and the machines keep what they have.
struct StagedSurgeon: Surgeon {
    let layout: ClusterLayout
    let folders: any DistantFolders

    func carryOut(_ operation: SurgicalOperation) throws(SurgeonRefusal) {
        _ = try onCopies(operation) { surgeon throws(SurgeonRefusal) in
            try surgeon.carryOut(operation)
            return nil
        }
    }

    func carryOut(
        _ operation: SurgicalOperation, killedAtStep step: UInt64
    ) throws(SurgeonRefusal) -> String? {
        try onCopies(operation) { surgeon throws(SurgeonRefusal) in
            try surgeon.carryOut(operation, killedAtStep: step)
        }
    }

    /// What was running when its folder was fetched may not fit together: fetched again, it may.
    private func onCopies(
        _ operation: SurgicalOperation,
        _ body: (ReplicaSurgeon) throws(SurgeonRefusal) -> String?
    ) throws(SurgeonRefusal) -> String? {
        for reading in 1...ReplicaSurgeon.readings {
            do throws(SurgeonRefusal) {
                return try once(operation, body)
            } catch {
                if reading == ReplicaSurgeon.readings || operation.isOnStoppedOnly { throw error }
            }
        }
        return nil
    }

    private func once(
        _ operation: SurgicalOperation,
        _ body: (ReplicaSurgeon) throws(SurgeonRefusal) -> String?
    ) throws(SurgeonRefusal) -> String? {
        do {
            let stage = try FileSystem.makeTemporaryFolder(prefix: "allocdb-jepsen-surgery")
            defer { _ = try? FileSystem.removeTree(stage) }
            let staged = staged(in: stage)
            let text = try staged.encoded()
            try FileSystem.write(
                Array(text.utf8), to: Path.join(stage, ClusterLayout.fileName))
            for replica in operation.read {
                guard let place = staged.replica(replica) else { continue }
                try FileSystem.createFolders(place.workspaceDirectory)
                try folders.fetch(replica, into: place.workspaceDirectory)
            }
            if let step = try body(ReplicaSurgeon(layout: staged)) { return step }
            for replica in operation.written {
                guard let place = staged.replica(replica) else { continue }
                try folders.put(replica, from: place.workspaceDirectory)
            }
            return nil
        } catch let refusal as SurgeonRefusal {
            throw refusal
        } catch {
            throw SurgeonRefusal("\(error)")
        }
    }

    private func staged(in folder: String) -> ClusterLayout {
        var staged = layout
        staged.workspaceRoot = folder
        for replica in layout.replicas {
            staged.replace(
                ReplicaLayout(
                    id: replica.id, role: replica.role, workspaceRoot: folder,
                    addresses: replica.addresses))
        }
        return staged
    }
}

extension SurgicalOperation {
    /// Whose folders it reads.
    fileprivate var read: [ReplicaID] {
        switch self {
        case .takeOver(let target, let supports): [target] + supports
        case .rejoin(let replica, let primary), .rebuild(let replica, let primary):
            [replica, primary]
        }
    }

    /// Whose folders it writes, in the order in which they may be put back.
    fileprivate var written: [ReplicaID] {
        switch self {
        case .takeOver(let target, let supports): supports + [target]
        case .rejoin(let replica, _), .rebuild(let replica, _): [replica]
        }
    }

    fileprivate var isOnStoppedOnly: Bool {
        switch self {
        case .takeOver: true
        case .rejoin, .rebuild: false
        }
    }
}
