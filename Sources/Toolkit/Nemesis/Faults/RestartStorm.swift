import LeaseKernel
import Synchronization
import SystemCalls
import Testbed

extension FaultDescription {
    static let restartStorm = FaultDescription(
        "restart-storm", "The daemon is killed and started again many times in a row.",
        needs: [.crash], targets: [.primary, .backup, .otherBackup, .backups, .minority, .all],
        parameters: [
            FaultParameter(
                "times", "How often it is killed", allowed: 1...100, usual: 3...6),
            FaultParameter(
                "gap_millis", "Between a start and the next kill", allowed: 0...10_000,
                usual: 0...250),
        ],
        usualHold: 0...300,
        proof: .death(seen: "every kill met a running process, and the last one left none")
    ) { RestartStormFault(scene: $0) }
}

/// Starts that are cut short again and again: recovery must not depend on coming to its end.
final class RestartStormFault: DeadlyFault {
    let scene: FaultScene
    private let kills = Mutex<UInt64>(0)

    init(scene: FaultScene) {
        self.scene = scene
    }

    func inject() throws(FaultFailure) {
        for round in 0..<scene.parameter("times") {
            for replica in scene.replicas {
                if round > 0 { try scene.launch(replica) }
            }
            if round > 0 {
                sleepThread(for: .milliseconds(Int64(scene.parameter("gap_millis"))))
            }
            for replica in scene.replicas {
                if scene.testbed.isRunning(replica) { kills.withLock { $0 += 1 } }
                try scene.crash(replica)
            }
        }
    }

    func verifyActive() throws(FaultFailure) {
        let planned = scene.parameter("times") * UInt64(scene.replicas.count)
        let done = kills.withLock { $0 }
        guard done == planned else {
            throw .notActive("\(done) of \(planned) kills met a running process")
        }
        try scene.seeDown(scene.replicas)
    }
}
