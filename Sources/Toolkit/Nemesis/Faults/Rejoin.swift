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
    ) { RejoinFault(scene: $0, manner: .keepingFiles) }

    static let rebuild = FaultDescription(
        "rebuild",
        "A backup is killed, and all its files are replaced by those of the primary: its snapshot "
            + "and its log.",
        needs: [.crash, .offlineSurgery], targets: [.backup, .otherBackup],
        usualHold: 300...3000, proof: rejoinProof
    ) { RejoinFault(scene: $0, manner: .replacingFiles) }

    static let rejoinInterrupted = FaultDescription(
        "rejoin-interrupted",
        "A backup is killed, and the process that brings its files in line is killed (SIGKILL) "
            + "between two of its steps. Then the rejoin is done again, or the daemon is started "
            + "as it is.",
        needs: [.crash, .offlineSurgery], targets: [.backup, .otherBackup],
        parameters: [
            FaultParameter("step", "At which boundary it is killed", allowed: 1...20, usual: 1...4),
            FaultParameter(
                "ending", "0 does it again; 1 starts the daemon as it is", allowed: 0...1,
                usual: 0...1),
        ],
        usualHold: 300...3000, proof: rejoinProof
    ) {
        RejoinFault(
            scene: $0,
            manner: .interrupted(step: $0.parameter("step"), again: $0.parameter("ending") == 0))
    }

    private static let rejoinProof = Proof(
        active: "the process is gone and its control port is silent",
        gone: "the replica reports the role of backup in the view of the primary",
        undo: "the replica's folder is rewritten from the primary's, which runs, and the daemon is "
            + "started; a refusal to rewrite is recorded, and the daemon started as it is",
        expiry: "nothing goes on that could end: folders are always whole")
}

/// Rejoin by export, stage, rewrite, import and restart (validation.md 11.3).
final class RejoinFault: Fault {
    enum Manner {
        case keepingFiles
        case replacingFiles
        /// Killed half-way, and then done again or left as it is.
        case interrupted(step: UInt64, again: Bool)
    }

    let scene: FaultScene
    private let manner: Manner
    private let hasRejoined = Mutex(false)

    init(scene: FaultScene, manner: Manner) {
        self.scene = scene
        self.manner = manner
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
            switch manner {
            case .keepingFiles: try surgeon.rejoin(replica, from: primary)
            case .replacingFiles: try surgeon.rebuild(replica, from: primary)
            case .interrupted(let step, let again):
                let words = try surgeon.carryOut(
                    .rejoin(replica, primary: primary), killedAtStep: step)
                scene.observer.note(
                    words.map { "the rejoin was killed at step \(step): \($0)" }
                        ?? "the rejoin had fewer than \(step) steps")
                if again { try surgeon.rejoin(replica, from: primary) }
            }
        } catch {
            scene.observer.note(refusal: "\(error)")
            scene.observer.note("replica \(replica) is started as it is: \(error)")
        }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeFollowing(replica) }
}

extension FaultScene {
    /// The replica is a backup in the view of the primary.
    func seeFollowing(_ replica: ReplicaID) throws(FaultFailure) {
        let isBack = see {
            let probes = testbed.probeAll()
            let view = probes.first { $0.probe.active?.replica.role == .primary }?
                .probe.status?.currentView
            let own = probes.first { $0.replica == replica }?.probe.active
            return own?.replica.role == .backup && own?.currentView == view
        }
        guard isBack else { throw .notGone("replica \(replica) did not become a backup") }
    }
}
