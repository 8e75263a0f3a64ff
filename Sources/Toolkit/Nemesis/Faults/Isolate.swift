import LeaseKernel
import Testbed

extension FaultDescription {
    static let isolate = FaultDescription(
        "isolate",
        "The replica's client and protocol ports are cut off through the daemon's own fault file.",
        needs: [.isolate],
        targets: FaultTarget.allCases,
        usualHold: 200...4000,
        proof: Proof(
            active: "the client port answers that it is isolated",
            gone: "the client port serves again",
            undo: "the replica is marked healthy in the fault file",
            expiry: "the undo guard marks all replicas healthy when the lease is over or the tool "
                + "is gone")
    ) { IsolateFault(scene: $0) }
}

/// A replica that nobody can talk to, and that talks to nobody who would have to answer it.
struct IsolateFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        try scene.demandRunning()
        for replica in scene.replicas { try scene.isolate(replica) }
    }

    func verifyActive() throws(FaultFailure) { try scene.seeIsolated(scene.replicas) }

    func undo() throws(FaultFailure) {
        for replica in scene.replicas { try scene.heal(replica) }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeServing(scene.replicas) }
}

extension FaultScene {
    func isolate(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.isolate(replica, lease: lease) }
    }

    func heal(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.heal(replica) }
    }

    func seeIsolated(_ replicas: [ReplicaID]) throws(FaultFailure) {
        for replica in replicas {
            guard see({ testbed.clientPort(replica) == .isolated }) else {
                throw .notActive("the client port of replica \(replica) is not cut off")
            }
        }
    }

    /// One that another fault keeps down cannot answer; for it the mark is what counts.
    func seeServing(_ replicas: [ReplicaID]) throws(FaultFailure) {
        for replica in replicas {
            let isServing = see {
                !testbed.isIsolated(replica)
                    && (!testbed.isRunning(replica) || testbed.isPaused(replica)
                        || testbed.clientPort(replica) == .serving)
            }
            guard isServing else {
                throw .notGone("the client port of replica \(replica) does not serve")
            }
        }
    }
}
