import LeaseKernel
import Testbed

extension FaultDescription {
    static let crash = FaultDescription(
        "crash", "The daemon is killed (SIGKILL) and later started again.",
        needs: [.crash],
        targets: [.primary, .backup, .otherBackup, .backups, .minority, .majority, .all],
        proof: Proof(
            active: "the process is gone and its control port is silent",
            gone: "the daemon answers on its control port",
            undo: "the daemon is started",
            expiry: "nothing goes on that could end: the process is gone")
    ) { CrashFault(scene: $0) }
}

/// SIGKILL, a time of absence, a start.
struct CrashFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        for replica in scene.replicas {
            try scene.act { () throws(TestbedError) in
                try scene.testbed.crash(replica)
            }
        }
    }

    func verifyActive() throws(FaultFailure) { try scene.seeDown(scene.replicas) }

    func undo() throws(FaultFailure) {
        for replica in scene.replicas { try scene.start(replica) }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeUp(scene.replicas) }
}

extension FaultScene {
    /// Starts a daemon that is down and waits until it answers.
    func start(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.restart(replica) }
    }

    /// Kills a daemon and sees that it is dead and silent.
    func kill(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.crash(replica) }
        try seeDown([replica])
    }

    /// The processes are gone, and nobody answers in their place.
    func seeDown(_ replicas: [ReplicaID]) throws(FaultFailure) {
        for replica in replicas {
            let isDown = see {
                !testbed.isRunning(replica) && testbed.probe(replica).status == nil
            }
            guard isDown else { throw .notActive("replica \(replica) still answers") }
        }
    }

    /// The daemons run and answer.
    func seeUp(_ replicas: [ReplicaID]) throws(FaultFailure) {
        for replica in replicas {
            let isUp = see {
                testbed.isRunning(replica) && testbed.probe(replica).status != nil
            }
            guard isUp else { throw .notGone("replica \(replica) does not answer") }
        }
    }
}
