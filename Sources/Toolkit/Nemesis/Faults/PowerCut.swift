import FaultyDisk
import LeaseKernel
import Testbed

extension FaultDescription {
    static let powerCut = powerCut(
        "power-cut",
        "The machine loses power: the daemon dies, and what was not synced is lost, all of it, from "
            + "some moment on, or sector by sector.",
        keeping: [.nothing, .prefix, .scatter])
    static let tornWrite = powerCut(
        "torn-write",
        "The machine loses power in the middle of a write: everything before it is on the disk, and "
            + "of the write itself some sectors.",
        keeping: [.torn])

    private static func powerCut(
        _ name: String, _ summary: String, keeping retentions: [Retention]
    ) -> FaultDescription {
        FaultDescription(
            name, summary, needs: [.crash, .disk],
            targets: FaultTarget.allCases,
            proof: .death(
                seen: "the process is gone, its control port is silent, and the disk says what it "
                    + "has lost, which a remark in the record repeats")
        ) { PowerCutFault(scene: $0, retentions: retentions) }
    }
}

/// SIGKILL to all of the target first, then their disks forget.
struct PowerCutFault: DeadlyFault {
    let scene: FaultScene
    let retentions: [Retention]

    func inject() throws(FaultFailure) {
        _ = try scene.disks()
        for replica in scene.replicas { try scene.crash(replica) }
        try scene.seeDown(scene.replicas)
        for replica in scene.replicas {
            let choice = (scene.seed >> 8) &+ replica.rawValue
            let retention = retentions[Int(choice % UInt64(retentions.count))]
            try scene.loseUnsynced(replica, keeping: retention)
        }
    }
}
