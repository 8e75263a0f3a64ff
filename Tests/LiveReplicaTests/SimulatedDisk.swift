import Randomness
import Replication

/// Seeded choices, so that a failing schedule can be run again.
struct Dice: RandomNumberGenerator {
    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
    }

    mutating func next() -> UInt64 { random.next() }

    mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(next() % UInt64(bound)) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}

/// The disk of one replica: what a process sees, and what a power cut leaves of it.
struct SimulatedDisk: ReplicaStorage {
    private struct File {
        /// What is there after a power cut for certain.
        var synced: [UInt8]
        var current: [UInt8]
    }

    private var files: [ReplicaFile: File] = [:]
    /// Operations until the machine stops in the middle of one; nil for never.
    var operationsUntilCrash: Int?
    private(set) var hasCrashed = false
    /// Answers syncs without doing them: a disk that the replica must not be trusted with.
    var liesAboutSyncs = false
    private(set) var syncCount = 0
    /// Filled to fail every write.
    var failure: StorageFailure?

    mutating func read(_ file: ReplicaFile) throws(StorageFailure) -> [UInt8]? {
        files[file]?.current
    }

    mutating func read(
        _ file: ReplicaFile, at offset: Int, count: Int
    ) throws(StorageFailure) -> [UInt8] {
        let bytes = files[file]?.current ?? []
        guard offset < bytes.count else { return [] }
        return Array(bytes[offset..<min(bytes.count, offset + count)])
    }

    mutating func append(_ file: ReplicaFile, _ bytes: [UInt8]) throws(StorageFailure) {
        files[file, default: File(synced: [], current: [])].current.append(contentsOf: bytes)
        try step()
    }

    mutating func sync(_ file: ReplicaFile) throws(StorageFailure) {
        try step()
        syncCount += 1
        guard !liesAboutSyncs, var content = files[file] else { return }
        content.synced = content.current
        files[file] = content
        try step()
    }

    mutating func replace(
        _ file: ReplicaFile, with bytes: [UInt8]
    ) throws(StorageFailure) {
        try step()
        files[file] = File(synced: bytes, current: bytes)
        try step()
    }

    mutating func truncate(_ file: ReplicaFile, to length: Int) throws(StorageFailure) {
        try step()
        guard var content = files[file] else { return }
        content.current.removeLast(max(0, content.current.count - length))
        content.synced = content.current
        files[file] = content
    }

    private mutating func step() throws(StorageFailure) {
        if hasCrashed { throw StorageFailure("the machine has stopped") }
        if let failure { throw failure }
        guard let left = operationsUntilCrash else { return }
        if left <= 0 {
            hasCrashed = true
            throw StorageFailure("the machine has stopped")
        }
        operationsUntilCrash = left - 1
    }

    /// The machine stops. A power cut takes away what was not synced, all of it or a part, and
    /// may leave zeros where something was; killing the process takes nothing.
    mutating func crash(powerCut: Bool, _ dice: inout Dice) {
        operationsUntilCrash = nil
        hasCrashed = false
        guard powerCut else { return }
        for (name, var file) in files {
            guard file.current.count > file.synced.count,
                file.current.starts(with: file.synced)
            else {
                file.current = file.synced
                files[name] = file
                continue
            }
            let tail = file.current.count - file.synced.count
            let kept = dice.below(tail + 1)
            file.current.removeLast(tail - kept)
            if kept > 0, dice.chance(40) {
                let start = file.synced.count + dice.below(kept)
                let end = min(file.current.count, start + 1 + dice.below(64))
                for index in start..<end { file.current[index] = 0 }
            }
            file.synced = file.current
            files[name] = file
        }
    }

    subscript(file: ReplicaFile) -> [UInt8]? {
        get { files[file]?.current }
        set { files[file] = newValue.map { File(synced: $0, current: $0) } }
    }
}
