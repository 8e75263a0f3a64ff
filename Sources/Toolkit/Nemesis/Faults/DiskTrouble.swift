import FaultyDisk
import LeaseKernel
import Synchronization
import Testbed

extension FaultDescription {
    static let diskFull = diskTrouble(
        "disk-full", "The disk is full: a write comes back short, later ones are refused (ENOSPC).",
        .full, .restart,
        parameters: [
            FaultParameter(
                "room_bytes", "By how much files may still grow", allowed: 0...(1 << 40),
                usual: 0...65_536)
        ])
    static let diskWriteError = diskTrouble(
        "disk-write-error", "Writes report an error (EIO).", .writeError, .restart)
    static let diskSyncError = diskTrouble(
        "disk-sync-error",
        "Syncs report an error (EIO), and what was to be synced is not on the disk.", .syncError,
        .powerCycle)
    static let diskStallWrite = diskTrouble(
        "disk-stall-write", "Writes do not come back until the fault is over.", .writeStall,
        .none)
    static let diskStallSync = diskTrouble(
        "disk-stall-sync", "Syncs do not come back until the fault is over.", .syncStall, .none)

    private static func diskTrouble(
        _ name: String, _ summary: String, _ fault: DiskFault,
        _ recovery: DiskTroubleFault.Recovery, parameters: [FaultParameter] = []
    ) -> FaultDescription {
        FaultDescription(
            name, summary, needs: [.crash, .disk],
            targets: FaultTarget.allCases,
            parameters: parameters, usualHold: 300...4000,
            proof: Proof(
                active: "the disk says that it has the fault; a remark in the record says how many "
                    + "calls of the daemon met it",
                gone: "the disk says that it has no fault, and the daemon answers",
                undo: recovery.words,
                expiry:
                    "the disk ends the fault when its lease is over, and goes away with the tool")
        ) { DiskTroubleFault(scene: $0, fault: fault, recovery: recovery) }
    }
}

/// A disk that fails for a while.
final class DiskTroubleFault: Fault {
    /// What has to be done for a replica whose disk failed.
    enum Recovery: Sendable {
        case none
        /// A daemon that saw an error may have stopped working, as it should.
        case restart
        /// After a failed sync what readers see is not what is on the disk: only a restart of the
        /// machine shows a daemon the truth.
        case powerCycle

        var words: String {
            switch self {
            case .none: "the disk works again"
            case .restart: "the disk works again, and the daemon is killed and started"
            case .powerCycle:
                "the disk works again; the daemon is killed, what was not synced is lost, and the "
                    + "daemon is started"
            }
        }
    }

    let scene: FaultScene
    private let fault: DiskFault
    private let recovery: Recovery
    /// How many calls had met the fault on each disk before; nothing for a disk that has not had
    /// it from us.
    private let before = Mutex<[ReplicaID: UInt64]>([:])

    init(scene: FaultScene, fault: DiskFault, recovery: Recovery) {
        self.scene = scene
        self.fault = fault
        self.recovery = recovery
    }

    func inject() throws(FaultFailure) {
        let disks = try scene.disks()
        for replica in scene.replicas {
            try scene.act { () throws(TestbedError) in
                let state = try disks.diskState(of: replica)
                before.withLock { $0[replica] = state.touched[fault] ?? 0 }
                // A daemon that loses its disk may stop; one whose disk is slow may not.
                if recovery != .none { scene.testbed.excused.excuse(replica) }
                try disks.switchOn(
                    fault, of: replica, lease: scene.lease, room: scene.parameter("room_bytes"))
            }
        }
    }

    func verifyActive() throws(FaultFailure) {
        for replica in scene.replicas {
            guard try scene.diskState(of: replica).active.contains(fault) else {
                throw .notActive("the disk of replica \(replica) does not have it")
            }
        }
    }

    func undo() throws(FaultFailure) {
        let disks = try scene.disks()
        let hit = scene.replicas.filter { replica in
            before.withLock { $0[replica] } != nil
        }
        // All disks work before the first daemon comes back: it may need the others.
        for replica in hit {
            try scene.act { () throws(TestbedError) in
                try disks.switchOff(fault, of: replica)
            }
        }
        for replica in hit {
            try noteCalls(replica)
            try recover(replica)
            before.withLock { $0[replica] = nil }
        }
    }

    private func noteCalls(_ replica: ReplicaID) throws(FaultFailure) {
        let now = try scene.diskState(of: replica).touched[fault] ?? 0
        let count = now - min(now, before.withLock { $0[replica] ?? now })
        scene.observer.note(
            "the \(fault.rawValue) of the disk of replica \(replica) was met by "
                + (count == 0 ? "no call" : count == 1 ? "1 call" : "\(count) calls"))
    }

    private func recover(_ replica: ReplicaID) throws(FaultFailure) {
        switch recovery {
        case .none: return
        case .restart: try scene.kill(replica)
        case .powerCycle:
            try scene.kill(replica)
            try scene.loseUnsynced(replica, keeping: .nothing)
        }
        try scene.start(replica)
        scene.testbed.excused.endExcuse(replica)
    }

    func verifyGone() throws(FaultFailure) {
        try scene.seeWorkingDisks()
        try scene.seeUp(scene.replicas)
    }
}

extension FaultScene {
    func disks() throws(FaultFailure) -> any ReplicaDisks {
        guard let disks = testbed.disks else {
            throw .notApplicable("the replicas' folders do not lie on disks that can fail")
        }
        return disks
    }

    func diskState(of replica: ReplicaID) throws(FaultFailure) -> DiskState {
        let disks = try disks()
        do throws(TestbedError) {
            return try disks.diskState(of: replica)
        } catch {
            throw .testbed(error)
        }
    }

    /// The disks of the target have no fault, and nobody waits for them.
    func seeWorkingDisks() throws(FaultFailure) {
        for replica in replicas {
            let state = try diskState(of: replica)
            guard state.active.isEmpty, state.waiting == 0 else {
                throw .notGone("the disk of replica \(replica) still fails: \(state.active)")
            }
        }
    }

    /// The power of a replica's machine is cut; its daemon is dead already.
    func loseUnsynced(
        _ replica: ReplicaID, keeping retention: Retention
    ) throws(FaultFailure) {
        let disks = try disks()
        try act { () throws(TestbedError) in
            let report = try disks.cutPower(
                of: replica, keeping: retention, seed: seed &+ replica.rawValue)
            observer.note(
                "power cut of replica \(replica) (\(retention.rawValue)): lost "
                    + "\(report.lostBytes) bytes of \(report.lostWrites) writes and "
                    + "\(report.lostNames) changes of names, kept \(report.keptWrites) writes")
        }
    }
}
