import LeaseKernel
import Synchronization
import SystemCalls
import Testbed

extension FaultDescription {
    static let crashDuringStart = FaultDescription(
        "crash-during-start",
        "The daemon is killed, started, and killed again while it starts up.",
        needs: [.crash], targets: [.primary, .backup, .otherBackup, .backups, .minority, .all],
        parameters: [
            FaultParameter(
                "after_millis", "Between the start and the second kill", allowed: 0...10_000,
                usual: 0...60)
        ],
        proof: crashProof
    ) { CrashDuringStartFault(scene: $0) }

    static let crashDuringCheckpoint = FaultDescription(
        "crash-during-checkpoint",
        "The daemon is told to write a snapshot and killed while it does.",
        needs: [.crash, .checkpoint],
        targets: [.primary, .backup, .otherBackup, .backups, .minority, .all],
        parameters: [
            FaultParameter(
                "after_millis", "Between the request and the kill", allowed: 0...10_000,
                usual: 0...30)
        ],
        proof: crashProof
    ) { CrashDuringCheckpointFault(scene: $0) }

    private static let crashProof = Proof.death(
        seen: "the process is gone and its control port is silent; a remark in the record says "
            + "how far the daemon had come")
}

/// A recovery that is cut short.
struct CrashDuringStartFault: DeadlyFault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        for replica in scene.replicas { try scene.kill(replica) }
        for replica in scene.replicas { try scene.launch(replica) }
        sleepThread(for: .milliseconds(Int64(scene.parameter("after_millis"))))
        for replica in scene.replicas {
            let hadStarted = scene.testbed.clientPort(replica) != .silent
            try scene.crash(replica)
            scene.observer.note(
                "replica \(replica) was killed \(hadStarted ? "just after" : "during") its start")
        }
    }
}

/// A snapshot that is cut short.
struct CrashDuringCheckpointFault: DeadlyFault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        try scene.demandRunning()
        let answered = AnsweredReplicas()
        var threads: [WorkerThread] = []
        for replica in scene.replicas {
            let testbed = scene.testbed
            do throws(SystemError) {
                threads.append(
                    try WorkerThread(name: "checkpoint") {
                        // A daemon that is killed does not answer.
                        if (try? testbed.checkpoint(replica)) != nil { answered.add(replica) }
                    })
            } catch {
                throw .testbed(.system(during: "asking for a snapshot", error))
            }
        }
        sleepThread(for: .milliseconds(Int64(scene.parameter("after_millis"))))
        for replica in scene.replicas { try scene.crash(replica) }
        for thread in threads { thread.join() }
        for replica in scene.replicas {
            let moment = answered.contains(replica) ? "just after" : "before it confirmed"
            scene.observer.note("replica \(replica) was killed \(moment) its snapshot")
        }
    }
}

private final class AnsweredReplicas: Sendable {
    private let replicas = Mutex<Set<ReplicaID>>([])
    func add(_ replica: ReplicaID) { _ = replicas.withLock { $0.insert(replica) } }
    func contains(_ replica: ReplicaID) -> Bool { replicas.withLock { $0.contains(replica) } }
}
