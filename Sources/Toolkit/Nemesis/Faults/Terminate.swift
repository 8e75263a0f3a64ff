import LeaseKernel
import Testbed

extension FaultDescription {
    static let terminate = FaultDescription(
        "terminate", "The daemon is asked to end (SIGTERM) and later started again.",
        needs: [.crash, .signals],
        targets: FaultTarget.allCases,
        proof: .death()
    ) { TerminateFault(scene: $0) }
}

/// SIGTERM, a time of absence, a start.
struct TerminateFault: DeadlyFault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        for replica in scene.replicas {
            try scene.act { () throws(TestbedError) in try scene.testbed.terminate(replica) }
        }
    }
}
