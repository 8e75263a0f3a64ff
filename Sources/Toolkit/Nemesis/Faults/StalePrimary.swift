import ClusterProtocol
import LeaseKernel
import Switch
import Synchronization
import Testbed

extension FaultDescription {
    static let stalePrimary = FaultDescription(
        "stale-primary",
        "The primary is cut off but runs on, a backup takes over, and the old primary comes back "
            + "into a cluster that has another one, with clients that still ask it.",
        needs: [.crash, .isolate, .offlineSurgery], targets: [.backup, .otherBackup],
        usualHold: 200...3000,
        proof: Proof(
            active: "the target reports the role of primary, while the old primary runs, is cut "
                + "off, and has not become a backup",
            gone: "the old primary reports the role of backup",
            undo: "the old primary is marked healthy; where it does not follow by itself, it is "
                + "stopped, brought in line by its files, and started",
            expiry: "the undo guard marks all replicas healthy when the lease is over or the tool "
                + "is gone")
    ) { StalePrimaryFault(scene: $0, manner: .isolated) }

    static let frozenPrimary = FaultDescription(
        "frozen-primary",
        "The primary is paused, a backup takes over, and the old primary goes on as if no time "
            + "had passed.",
        needs: [.crash, .signals, .offlineSurgery], targets: [.backup, .otherBackup],
        usualHold: 200...3000,
        proof: Proof(
            active: "the target reports the role of primary, while the process of the old primary "
                + "is stopped",
            gone: "the old primary reports the role of backup",
            undo: "SIGCONT; where the old primary does not follow by itself, it is stopped, "
                + "brought in line by its files, and started",
            expiry: "the undo guard sends SIGCONT when the lease is over or the tool is gone")
    ) { StalePrimaryFault(scene: $0, manner: .paused) }

    static let partitionedPrimary = FaultDescription(
        "partitioned-primary",
        "The packets between the primary and both backups are lost, a backup takes over, and the "
            + "old primary comes back; clients reach both all the time.",
        needs: [.crash, .packets, .offlineSurgery], targets: [.backup, .otherBackup],
        usualHold: 500...4000,
        proof: Proof(
            active: "the target reports the role of primary, while datagrams between the old "
                + "primary and the backups are dropped and those between it and clients arrive",
            gone: "datagrams arrive again, and the old primary reports the role of backup",
            undo: "the rules are lifted; where the old primary does not follow by itself, it is "
                + "stopped, brought in line by its files, and started",
            expiry: ruleExpiry)
    ) { scene in
        let old = parties([scene.roles.primary])
        let backups = parties([scene.roles.backup, scene.roles.otherBackup])
        return StalePrimaryFault(
            scene: scene,
            manner: .partitioned(
                PacketFault(
                    scene: scene,
                    plan: PacketPlan(
                        disturbed: PacketPlan.between(old, backups), effects: [.cut],
                        spared: PacketPlan.between(old + backups, [.clients])))))
    }
}

/// Two processes that believe to lead: the one that nobody told, and its successor.
final class StalePrimaryFault: Fault {
    enum Manner {
        case isolated
        case paused
        case partitioned(PacketFault)
    }

    let scene: FaultScene
    private let manner: Manner
    /// A takeover has begun on the backups and has not been finished.
    private let isOperating = Mutex(false)

    init(scene: FaultScene, manner: Manner) {
        self.scene = scene
        self.manner = manner
    }

    var affected: [ReplicaID] { scene.roles.all }
    private var old: ReplicaID { scene.roles.primary }
    private var target: ReplicaID { scene.replicas[0] }
    private var support: ReplicaID {
        target == scene.roles.backup ? scene.roles.otherBackup : scene.roles.backup
    }

    func inject() throws(FaultFailure) {
        guard let surgeon = scene.surgeon else {
            throw .notApplicable("nobody here can rewrite folders")
        }
        guard scene.testbed.isRunning(old) else { throw .notApplicable("the primary is down") }
        switch manner {
        case .isolated:
            try scene.isolate(old)
            try scene.seeIsolated([old])
        case .paused:
            try scene.pause(old)
            try scene.seePaused([old])
        case .partitioned(let cut):
            try cut.inject()
            try cut.verifyActive()
        }
        isOperating.withLock { $0 = true }
        for replica in [target, support] { try scene.kill(replica) }
        do throws(SurgeonRefusal) {
            try surgeon.takeOver(target: target, supports: [support])
        } catch {
            isOperating.withLock { $0 = false }
            scene.observer.note(refusal: "\(error)")
            for replica in [support, target] { try scene.start(replica) }
            try release()
            throw .notApplicable("takeover not possible: \(error)")
        }
        isOperating.withLock { $0 = false }
        scene.observer.countTakeover()
        for replica in [support, target] { try scene.start(replica) }
    }

    func verifyActive() throws(FaultFailure) {
        guard scene.see({ role(of: target) == .primary }) else {
            throw .notActive("replica \(target) did not become primary")
        }
        switch manner {
        case .isolated:
            try scene.seeIsolated([old])
            guard role(of: old) != .backup else {
                throw .notActive("replica \(old) follows already")
            }
        case .paused: try scene.seePaused([old])
        case .partitioned(let cut):
            try cut.verifyActive()
            guard role(of: old) != .backup else {
                throw .notActive("replica \(old) follows already")
            }
        }
    }

    func undo() throws(FaultFailure) {
        if isOperating.withLock({ $0 }) {
            // Whoever is half rewritten must not come up: finish first.
            for replica in [target, support] { try scene.kill(replica) }
            do throws(SurgeonRefusal) {
                try scene.surgeon?.takeOver(target: target, supports: [support])
            } catch {
                scene.observer.note(refusal: "\(error)")
            }
            isOperating.withLock { $0 = false }
        }
        for replica in [support, target] { try scene.start(replica) }
        try release()
    }

    private func release() throws(FaultFailure) {
        switch manner {
        case .isolated: try scene.heal(old)
        case .paused: try scene.proceed(old)
        case .partitioned(let cut): try cut.undo()
        }
    }

    func verifyGone() throws(FaultFailure) {
        if case .partitioned(let cut) = manner { try cut.verifyGone() }
        if scene.see({ role(of: old) == .backup }) { return }
        guard let surgeon = scene.surgeon, let leader = scene.testbed.livePrimary(), leader != old
        else { throw .notGone("replica \(old) does not follow, and nobody leads") }
        scene.observer.note("replica \(old) does not follow by itself; its files are rewritten")
        try scene.kill(old)
        do throws(SurgeonRefusal) {
            try surgeon.rejoin(old, from: leader)
        } catch {
            scene.observer.note(refusal: "\(error)")
            throw .notGone("replica \(old) does not follow, and cannot be made to: \(error)")
        }
        try scene.start(old)
        guard scene.see({ role(of: old) == .backup }) else {
            throw .notGone("replica \(old) does not follow after its files were rewritten")
        }
    }

    private func role(of replica: ReplicaID) -> ReplicaRole? {
        scene.testbed.probe(replica).active?.replica.role
    }
}
