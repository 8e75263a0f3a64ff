import ClusterProtocol
import LeaseKernel
import Synchronization
import Testbed

extension FaultDescription {
    static let rejoin = FaultDescription(
        "rejoin",
        "A backup is killed and, when the others have gone on, brought in line by its files: it "
            + "keeps its own and gets what the primary has committed since.",
        needs: [.crash, .offlineSurgery], targets: [.backup, .otherBackup],
        usualHold: 300...3000, proof: rejoinProof
    ) { RejoinFault(scene: $0, keepsFiles: true) }

    static let rebuild = FaultDescription(
        "rebuild",
        "A backup is killed, and all its files are replaced by those of the primary: its snapshot "
            + "and its log.",
        needs: [.crash, .offlineSurgery], targets: [.backup, .otherBackup],
        usualHold: 300...3000, proof: rejoinProof
    ) { RejoinFault(scene: $0, keepsFiles: false) }

    private static let rejoinProof = Proof(
        active: "the process is gone and its control port is silent",
        gone: "the replica reports the role of backup in the view of the primary",
        undo: "the replica's folder is rewritten from the primary's, which runs, and the daemon is "
            + "started; a refusal to rewrite is recorded, and the daemon started as it is",
        expiry: "nothing goes on that could end: folders are always whole")
}

/// Rejoin by export, stage, rewrite, import and restart (validation.md 11.3).
final class RejoinFault: Fault {
    let scene: FaultScene
    private let keepsFiles: Bool
    private let hasRejoined = Mutex(false)

    init(scene: FaultScene, keepsFiles: Bool) {
        self.scene = scene
        self.keepsFiles = keepsFiles
    }

    private var replica: ReplicaID { scene.replicas[0] }

    func inject() throws(FaultFailure) {
        guard scene.surgeon != nil else { throw .notApplicable("nobody here can rewrite folders") }
        try scene.kill(replica)
    }

    func verifyActive() throws(FaultFailure) { try scene.seeDown([replica]) }

    func undo() throws(FaultFailure) {
        if !hasRejoined.withLock({ $0 }), !scene.testbed.isRunning(replica) {
            rewrite()
            hasRejoined.withLock { $0 = true }
        }
        try scene.start(replica)
    }

    private func rewrite() {
        guard let surgeon = scene.surgeon, let primary = scene.testbed.livePrimary() else {
            scene.observer.note("replica \(replica) is started as it is: nobody leads")
            return
        }
        do throws(SurgeonRefusal) {
            if keepsFiles {
                try surgeon.rejoin(replica, from: primary)
            } else {
                try surgeon.rebuild(replica, from: primary)
            }
        } catch {
            scene.observer.note(refusal: "\(error)")
            scene.observer.note("replica \(replica) is started as it is: \(error)")
        }
    }

    func verifyGone() throws(FaultFailure) {
        let isBack = scene.see {
            let probes = scene.testbed.probeAll()
            let view = probes.first { $0.probe.active?.replica.role == .primary }?
                .probe.status?.currentView
            let own = probes.first { $0.replica == replica }?.probe.active
            return own?.replica.role == .backup && own?.currentView == view
        }
        guard isBack else { throw .notGone("replica \(replica) did not become a backup") }
    }
}
