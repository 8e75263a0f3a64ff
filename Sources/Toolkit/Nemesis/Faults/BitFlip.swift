import ClusterProtocol
import DurableFiles
import LeaseKernel
import Randomness
import Synchronization
import SystemCalls
import Testbed

extension FaultDescription {
    static let bitFlipWAL = bitFlip("bit-flip-wal", .log)
    static let bitFlipSnapshot = bitFlip("bit-flip-snapshot", .snapshot)
    static let bitFlipMetadata = bitFlip("bit-flip-metadata", .metadata)
    static let bitFlipJournal = bitFlip("bit-flip-journal", .journal)

    private static func bitFlip(_ name: String, _ file: BitFlipFault.File) -> FaultDescription {
        FaultDescription(
            name,
            "A backup is killed, one bit of its \(file.words) is flipped, and it is started: it must "
                + "refuse to serve, or have repaired itself, and never serve wrong data.",
            needs: [.crash, .offlineSurgery, .checkpoint, .disk], targets: [.backup, .otherBackup],
            usualHold: 300...2000,
            proof: Proof(
                active: "the flipped bit was read back; the daemon has ended or declares itself "
                    + "faulted, or a remark in the record says that it serves",
                gone: "the replica reports the role of backup in the view of the primary",
                undo: "the replica's folder is made anew from that of the primary, which runs, and "
                    + "the daemon is started",
                expiry: "nothing goes on that could end: a damaged folder lies still")
        ) { BitFlipFault(scene: $0, file: file) }
    }
}

/// Silent damage of a file of a stopped replica.
final class BitFlipFault: Fault {
    enum File: Sendable {
        case log, snapshot, metadata, journal

        var words: String {
            switch self {
            case .log: "write-ahead log"
            case .snapshot: "snapshot"
            case .metadata: "metadata"
            case .journal: "journal of prepared entries"
            }
        }

        func path(in layout: ReplicaLayout) -> String {
            switch self {
            case .log: layout.walPath
            case .snapshot: layout.snapshotPath
            case .metadata: layout.metadataPath
            case .journal: layout.prepareLogPath
            }
        }

        /// The end of a file that only grows may look like a write that a crash tore off, which
        /// nobody could tell from damage: its older half is hit.
        func mayHit(_ size: Int) -> Int {
            switch self {
            case .log, .journal: size / 2
            case .snapshot, .metadata: size
            }
        }
    }

    private enum Progress {
        case nothingDone
        case damaged
    }

    let scene: FaultScene
    private let file: File
    private let progress = Mutex(Progress.nothingDone)

    init(scene: FaultScene, file: File) {
        self.scene = scene
        self.file = file
    }

    private var replica: ReplicaID { scene.replicas[0] }

    func inject() throws(FaultFailure) {
        guard scene.surgeon != nil, let place = scene.testbed.layout.replica(replica) else {
            throw .notApplicable("nobody here could repair the folder")
        }
        // A snapshot to damage; the other files are there from the first start on.
        if case .snapshot = file {
            try scene.act { () throws(TestbedError) in try scene.testbed.checkpoint(replica) }
        }
        try scene.kill(replica)
        let path = file.path(in: place)
        let hasContent = try onFiles { () throws(SystemError) in
            let size = try FileSystem.facts(path)?.size ?? 0
            guard file.mayHit(Int(size)) > 0 else { return false }
            scene.testbed.excused.excuse(replica)
            progress.withLock { $0 = .damaged }
            try flip(path)
            return true
        }
        guard hasContent else {
            try scene.start(replica)
            throw .notApplicable("\(path) holds nothing yet")
        }
        try scene.launch(replica)
    }

    private func onFiles<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(FaultFailure) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .testbed(.system(during: "damaging a file of replica \(replica)", error))
        }
    }

    private func flip(_ path: String) throws(SystemError) {
        var random = SeededRandom(seed: scene.seed)
        var bytes = try FileSystem.read(path, limit: 1 << 30)
        let place = random.index(below: file.mayHit(bytes.count))
        let bit = random.index(below: 8)
        bytes[place] ^= 1 << UInt8(bit)
        try DurableFiles.replace(path, with: bytes)
        guard try FileSystem.read(path, limit: 1 << 30) == bytes else {
            throw SystemError(call: "read", code: 0, subject: "\(path): not what was written")
        }
        scene.observer.note(
            "bit \(bit) of byte \(place) of the \(file.words) of replica \(replica) was flipped "
                + "(\(bytes.count) bytes)")
    }

    func verifyActive() throws(FaultFailure) {
        // The daemon answers or ends; which of both, and how, is for the record.
        let hasCome = scene.see {
            _ = scene.testbed.takeUnexpectedExits()
            return !scene.testbed.isRunning(replica) || scene.testbed.probe(replica).status != nil
        }
        guard hasCome else { throw .notActive("replica \(replica) neither answers nor ends") }
        let probe = scene.testbed.probe(replica)
        guard scene.testbed.isRunning(replica), let status = probe.status else {
            scene.observer.note("replica \(replica) refuses to start")
            return
        }
        switch status.state {
        case .faulted:
            scene.observer.note(
                "replica \(replica) declares itself faulted: \(status.faultReason ?? "no reason")")
        case .active: scene.observer.note("replica \(replica) serves in spite of the flipped bit")
        }
    }

    func undo() throws(FaultFailure) {
        guard progress.withLock({ $0 == .damaged }) else {
            try scene.start(replica)
            return
        }
        try scene.kill(replica)
        guard let surgeon = scene.surgeon else { return }
        let hasPrimary = scene.see { scene.testbed.livePrimary() != nil }
        guard hasPrimary, let primary = scene.testbed.livePrimary() else {
            throw .notGone("nobody leads from whom replica \(replica) could be made anew")
        }
        do throws(SurgeonRefusal) {
            try surgeon.rebuild(replica, from: primary)
        } catch {
            throw .notGone("replica \(replica) could not be made anew: \(error)")
        }
        try scene.start(replica)
        progress.withLock { $0 = .nothingDone }
        scene.testbed.excused.endExcuse(replica)
    }

    func verifyGone() throws(FaultFailure) { try scene.seeFollowing(replica) }
}
