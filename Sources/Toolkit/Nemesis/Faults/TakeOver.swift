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
            gone: "every daemon answers", undo: takeOverUndo, expiry: takeOverExpiry)
    ) { TakeOverFault(scene: $0, ending: nil) }

    static let takeOverInterrupted = FaultDescription(
        "take-over-interrupted",
        "All daemons are killed, and the process that rewrites the folders for a new view is "
            + "killed (SIGKILL) between two of its steps. Then the same takeover is done again, or "
            + "another one.",
        needs: [.crash, .offlineSurgery], targets: [.backup, .otherBackup],
        parameters: [
            FaultParameter(
                "step", "At which boundary it is killed", allowed: 1...40, usual: 1...14),
            FaultParameter(
                "ending",
                "0 does it again; 1 gives the new view to the old primary, with all three; 2 gives "
                    + "it to the backup that was not meant", allowed: 0...2, usual: 0...2),
        ],
        proof: Proof(
            active: "whoever leads in the end reports the role of primary, those that support it "
                + "that of backup; a remark in the record says after which step the process was "
                + "killed",
            gone: "every daemon answers", undo: takeOverUndo, expiry: takeOverExpiry)
    ) { TakeOverFault(scene: $0, ending: TakeOverFault.Ending($0.parameter("ending"))) }

    private static let takeOverUndo =
        "a takeover that was begun is finished; every daemon is started"
    private static let takeOverExpiry =
        "nothing goes on that could end: a folder is always the old one or the new one, and the "
        + "process that rewrites them ends when nobody listens to it"
}

/// The primary dies and a backup follows it, by the takeover rule (docs/explanation/takeover.md).
final class TakeOverFault: Fault {
    /// How a takeover goes on whose process was killed half-way.
    enum Ending {
        case again
        case oldPrimary
        case otherBackup

        init(_ number: UInt64) {
            switch number {
            case 1: self = .oldPrimary
            case 2: self = .otherBackup
            case _: self = .again
            }
        }
    }

    let scene: FaultScene
    private let ending: Ending?
    /// Daemons are down, and folders may be half rewritten.
    private let isOperating = Mutex(false)

    init(scene: FaultScene, ending: Ending?) {
        self.scene = scene
        self.ending = ending
    }

    var affected: [ReplicaID] { scene.roles.all }
    private var target: ReplicaID { scene.replicas[0] }
    private var support: ReplicaID {
        target == scene.roles.backup ? scene.roles.otherBackup : scene.roles.backup
    }

    /// Who leads in the end, and who supports it.
    private var outcome: (leader: ReplicaID, supports: [ReplicaID]) {
        switch ending {
        case nil, .again: (target, [support])
        case .oldPrimary: (scene.roles.primary, [target, support])
        case .otherBackup: (support, [target])
        }
    }

    func inject() throws(FaultFailure) {
        guard let surgeon = scene.surgeon else {
            throw .notApplicable("nobody here can rewrite folders")
        }
        isOperating.withLock { $0 = true }
        for replica in affected { try scene.kill(replica) }
        do throws(SurgeonRefusal) {
            if ending != nil { try interrupt(surgeon) }
            try surgeon.takeOver(target: outcome.leader, supports: outcome.supports)
        } catch {
            // A refused takeover leaves the folders as they were.
            isOperating.withLock { $0 = false }
            scene.observer.note(refusal: "\(error)")
            for replica in affected { try scene.start(replica) }
            throw .notApplicable(
                "takeover not possible, all replicas were restarted instead: \(error)")
        }
        isOperating.withLock { $0 = false }
        scene.observer.countTakeover()
        for replica in outcome.supports + [outcome.leader] { try scene.start(replica) }
    }

    private func interrupt(_ surgeon: any Surgeon) throws(SurgeonRefusal) {
        let step = scene.parameter("step")
        let words = try surgeon.carryOut(
            .takeOver(target: target, supports: [support]), killedAtStep: step)
        scene.observer.note(
            words.map { "the takeover was killed at step \(step): \($0)" }
                ?? "the takeover had fewer than \(step) steps and was followed by another one")
    }

    func verifyActive() throws(FaultFailure) {
        let (leader, supports) = outcome
        for (replica, role) in [(leader, ReplicaRole.primary)] + supports.map({ ($0, .backup) }) {
            let isSeen = scene.see { scene.testbed.probe(replica).active?.replica.role == role }
            guard isSeen else { throw .notActive("replica \(replica) is not \(role.word)") }
        }
    }

    func undo() throws(FaultFailure) {
        let (leader, supports) = outcome
        if isOperating.withLock({ $0 }) {
            for replica in affected { try scene.kill(replica) }
            do throws(SurgeonRefusal) {
                try scene.surgeon?.takeOver(target: leader, supports: supports)
            } catch {
                scene.observer.note(refusal: "\(error)")
            }
            isOperating.withLock { $0 = false }
        }
        for replica in supports + [leader] { try scene.start(replica) }
        for replica in affected { try scene.start(replica) }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeUp(affected) }
}
