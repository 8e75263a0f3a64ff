import LeaseKernel
import Testbed

extension FaultDescription {
    static let pause = FaultDescription(
        "pause", "The daemon's process is stopped (SIGSTOP) and later goes on (SIGCONT).",
        needs: [.signals],
        targets: FaultTarget.allCases,
        usualHold: 200...4000,
        proof: Proof(
            active: "the system shows the process as stopped",
            gone: "the process runs and answers on its control port",
            undo: "SIGCONT",
            expiry: "the undo guard sends SIGCONT when the lease is over or the tool is gone")
    ) { PauseFault(scene: $0) }
}

/// A process that stands still and then goes on as if no time had passed.
struct PauseFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        try scene.demandRunning()
        for replica in scene.replicas { try scene.pause(replica) }
    }

    func verifyActive() throws(FaultFailure) { try scene.seePaused(scene.replicas) }

    func undo() throws(FaultFailure) {
        for replica in scene.replicas { try scene.proceed(replica) }
    }

    /// One that another fault has killed meanwhile is not paused either.
    func verifyGone() throws(FaultFailure) {
        try scene.seeUp(scene.replicas.filter { scene.testbed.isRunning($0) })
    }
}

extension FaultScene {
    func pause(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.pause(replica, lease: lease) }
    }

    func proceed(_ replica: ReplicaID) throws(FaultFailure) {
        try act { () throws(TestbedError) in try testbed.proceed(replica) }
    }

    func seePaused(_ replicas: [ReplicaID]) throws(FaultFailure) {
        for replica in replicas {
            guard see({ testbed.isPaused(replica) }) else {
                throw .notActive("the process of replica \(replica) is not stopped")
            }
        }
    }
}
