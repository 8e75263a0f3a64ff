import FaultyDisk
import LeaseKernel
import Testbed

extension FaultDescription {
    static let diskReadError = FaultDescription(
        "disk-read-error",
        "The daemon is killed and started on a disk whose reads report an error (EIO): it cannot "
            + "recover and must not serve.",
        needs: [.crash, .disk],
        targets: FaultTarget.allCases,
        usualHold: 300...2000,
        proof: Proof(
            active: "the disk says that it has the fault and that a call met it, and the daemon "
                + "does not serve",
            gone: "the disk says that it has no fault, and the daemon answers",
            undo: "the disk works again, and the daemon is killed and started",
            expiry: "the disk ends the fault when its lease is over, and goes away with the tool")
    ) { DiskReadErrorFault(scene: $0) }
}

/// A recovery that cannot read what it has to recover.
struct DiskReadErrorFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        let disks = try scene.disks()
        for replica in scene.replicas { try scene.kill(replica) }
        for replica in scene.replicas {
            scene.testbed.excused.excuse(replica)
            try scene.act { () throws(TestbedError) in
                try disks.switchOn(.readError, of: replica, lease: scene.lease, room: 0)
            }
            try scene.launch(replica)
        }
    }

    func verifyActive() throws(FaultFailure) {
        for replica in scene.replicas {
            let isMet = scene.see {
                guard let state = try? scene.testbed.disks?.diskState(of: replica) else {
                    return false
                }
                return state.active.contains(.readError) && state.touched[.readError] ?? 0 > 0
            }
            guard isMet else { throw .notActive("replica \(replica) reads nothing") }
            guard scene.testbed.probe(replica).active == nil else {
                throw .notActive("replica \(replica) serves although it could not read its files")
            }
        }
    }

    func undo() throws(FaultFailure) {
        let disks = try scene.disks()
        for replica in scene.replicas {
            try scene.act { () throws(TestbedError) in
                try disks.switchOff(.readError, of: replica)
            }
        }
        for replica in scene.replicas {
            try scene.kill(replica)
            try scene.start(replica)
            scene.testbed.excused.endExcuse(replica)
        }
    }

    func verifyGone() throws(FaultFailure) {
        try scene.seeWorkingDisks()
        try scene.seeUp(scene.replicas)
    }
}
