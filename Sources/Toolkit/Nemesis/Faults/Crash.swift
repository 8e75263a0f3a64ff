import LeaseKernel
import Testbed

extension FaultDescription {
    static let crash = FaultDescription(
        "crash", "The daemon is killed (SIGKILL) and later started again.",
        needs: [.crash],
        targets: FaultTarget.allCases,
        proof: .death()
    ) { CrashFault(scene: $0) }
}

extension FaultDescription.Proof {
    /// That of a `DeadlyFault`.
    static func death(
        seen active: String = "the process is gone and its control port is silent"
    ) -> FaultDescription.Proof {
        FaultDescription.Proof(
            active: active,
            gone: "the daemon answers on its control port",
            undo: "the daemon is started",
            expiry: "nothing goes on that could end: the process is gone")
    }
}

/// A fault that leaves daemons dead and is over when they run again.
protocol DeadlyFault: Fault {}

extension DeadlyFault {
    func verifyActive() throws(FaultFailure) { try scene.seeDown(scene.replicas) }

    func undo() throws(FaultFailure) {
        for replica in scene.replicas { try scene.start(replica) }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeUp(scene.replicas) }
}

/// SIGKILL, a time of absence, a start.
struct CrashFault: DeadlyFault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        for replica in scene.replicas { try scene.crash(replica) }
    }
}

extension FaultScene {
    /// Starts a daemon that is down and waits until it answers.
    func start(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.restart(replica) }
    }

    /// Starts a daemon and does not wait for it; it may not come far.
    func launch(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.launch(replica) }
    }

    func crash(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.crash(replica) }
    }

    /// Kills a daemon and sees that it is dead and silent.
    func kill(_ replica: ReplicaID) throws(FaultFailure) {
        try crash(replica)
        try seeDown([replica])
    }

    /// What only a running daemon can be hit by.
    func demandRunning() throws(FaultFailure) {
        for replica in replicas where !testbed.isRunning(replica) {
            throw .notApplicable("replica \(replica) does not run")
        }
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
