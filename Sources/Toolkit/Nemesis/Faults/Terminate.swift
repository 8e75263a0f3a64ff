import LeaseKernel
import Testbed

extension FaultDescription {
    static let terminate = FaultDescription(
        "terminate", "The daemon is asked to end (SIGTERM) and later started again.",
        needs: [.crash, .signals],
        targets: [.primary, .backup, .otherBackup, .backups, .minority, .majority, .all],
        proof: Proof(
            active: "the process is gone and its control port is silent",
            gone: "the daemon answers on its control port",
            undo: "the daemon is started",
            expiry: "nothing goes on that could end: the process is gone")
    ) { TerminateFault(scene: $0) }
}

/// SIGTERM, a time of absence, a start.
struct TerminateFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        for replica in scene.replicas {
            try scene.act { () throws(TestbedError) in try scene.testbed.terminate(replica) }
        }
    }

    func verifyActive() throws(FaultFailure) { try scene.seeDown(scene.replicas) }

    func undo() throws(FaultFailure) {
        for replica in scene.replicas { try scene.start(replica) }
    }

    func verifyGone() throws(FaultFailure) { try scene.seeUp(scene.replicas) }
}
