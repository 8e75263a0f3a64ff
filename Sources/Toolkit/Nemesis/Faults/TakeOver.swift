import ClusterProtocol
import LeaseKernel
import Synchronization
import Testbed

extension FaultDescription {
    static let takeOver = FaultDescription(
        "take-over",
        "All daemons are killed, the folders of the backups are rewritten for a new view that the "
            + "target leads, and the old primary comes back last.",
        needs: [.crash, .offlineSurgery], targets: [.backup, .otherBackup],
        proof: Proof(
            active: "the target reports the role of primary, the other backup that of backup",
            gone: "every daemon answers",
            undo: "a takeover that was begun is finished; every daemon is started",
            expiry: "nothing goes on that could end: folders are always whole")
    ) { TakeOverFault(scene: $0) }
}

/// The primary dies and a backup follows it, by the takeover rule (docs/explanation/takeover.md).
final class TakeOverFault: Fault {
    private enum Progress {
        case nothingDone
        /// Daemons are down; the folders may be half rewritten.
        case operating
        case rewritten
    }

    let scene: FaultScene
    private let progress = Mutex(Progress.nothingDone)

    init(scene: FaultScene) {
        self.scene = scene
    }

    var affected: [ReplicaID] { scene.roles.all }
    private var target: ReplicaID { scene.replicas[0] }
    private var support: ReplicaID {
        target == scene.roles.backup ? scene.roles.otherBackup : scene.roles.backup
    }

    func inject() throws(FaultFailure) {
        guard let surgeon = scene.surgeon else {
            throw .notApplicable("nobody here can rewrite folders")
        }
        progress.withLock { $0 = .operating }
        for replica in affected { try scene.kill(replica) }
        do throws(SurgeonRefusal) {
            try surgeon.takeOver(target: target, supports: [support])
        } catch {
            // Refused folders are as they were.
            progress.withLock { $0 = .nothingDone }
            scene.observer.note(refusal: "\(error)")
            for replica in affected { try scene.start(replica) }
            throw .notApplicable(
                "takeover not possible, all replicas were restarted instead: \(error)")
        }
        progress.withLock { $0 = .rewritten }
        scene.observer.countTakeover()
        for replica in [support, target] { try scene.start(replica) }
    }

    func verifyActive() throws(FaultFailure) {
        for (replica, role) in [(target, ReplicaRole.primary), (support, .backup)] {
            let isSeen = scene.see { scene.testbed.probe(replica).active?.replica.role == role }
            guard isSeen else { throw .notActive("replica \(replica) is not \(role.word)") }
        }
    }

    func undo() throws(FaultFailure) {
        switch progress.withLock({ $0 }) {
        case .nothingDone, .rewritten: break
        case .operating:
            for replica in affected { try scene.kill(replica) }
            do throws(SurgeonRefusal) {
                try scene.surgeon?.takeOver(target: target, supports: [support])
            } catch {
                scene.observer.note(refusal: "\(error)")
            }
            progress.withLock { $0 = .rewritten }
        }
        for replica in [support, target, scene.roles.primary] { try scene.start(replica) }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeUp(affected) }
}
