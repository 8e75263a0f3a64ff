import ClusterProtocol
import LeaseEngine
import LeaseKernel

/// The only owner of the kernel's state: applies committed entries in order and writes the log
/// frames that record them.
struct Applier: Sendable {
    private(set) var kernel: Kernel
    private(set) var state: State = .applying
    /// Frames of applied entries that no storage job carries yet.
    private(set) var unwrittenFrames: [UInt8] = []
    /// Length of the log file once every job handed over has run.
    private(set) var logLength: Int
    /// Checksums of the last applied frames, for comparing with peers.
    private var checksums: [UInt32?]

    enum State: Hashable, Sendable {
        case applying
        /// A committed entry could not be applied: this state is no replica of anything.
        case failed(LSN, EntryFailure)
    }

    private static let checksumCount: UInt64 = 4096

    init(_ kernel: Kernel, logLength: Int) {
        self.kernel = kernel
        self.logLength = logLength
        checksums = Array(repeating: nil, count: Int(Self.checksumCount))
    }

    /// Applies one committed entry by the rules handed in. An error means that the log holds what
    /// no correct primary sends; the state is unchanged and nothing may be applied any more.
    mutating func apply(
        _ entry: PreparedEntry, by rules: LiveSettings.Rules
    ) throws(EntryFailure) -> ExecutedEntry {
        do throws(EntryFailure) {
            let executed = try rules(&kernel, entry)
            let frame = WALFrame(committing: entry).encode()
            unwrittenFrames.append(contentsOf: frame)
            remember(Self.checksum(ofFrame: frame), at: entry.lsn)
            return executed
        } catch {
            state = .failed(entry.lsn, error)
            throw error
        }
    }

    /// Hands the frames that gathered to a storage job.
    mutating func takeFrames() -> [UInt8] {
        defer { unwrittenFrames.removeAll(keepingCapacity: true) }
        logLength += unwrittenFrames.count
        return unwrittenFrames
    }

    /// Continues from another replica's snapshot; the log then holds its marker only.
    mutating func install(_ kernel: Kernel, logLength: Int) {
        self = Applier(kernel, logLength: logLength)
    }

    /// After a checkpoint the log is shorter; how much is known only roughly, and an estimate
    /// is enough to decide when the next one is due.
    mutating func noteLogRewritten(length: Int) {
        logLength = length
    }

    /// The checksum of the frame at a position; nil when it is not remembered.
    func checksum(at lsn: LSN) -> UInt32? {
        let applied = kernel.lastAppliedLSN?.rawValue ?? 0
        guard lsn.rawValue <= applied, applied - lsn.rawValue < Self.checksumCount else {
            return nil
        }
        return checksums[Int(lsn.rawValue % Self.checksumCount)]
    }

    mutating func remember(_ checksum: UInt32, at lsn: LSN) {
        checksums[Int(lsn.rawValue % Self.checksumCount)] = checksum
    }

    /// The checksum field of an encoded frame (durability.md 2).
    static func checksum(ofFrame frame: some Collection<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for byte in frame.dropFirst(27).prefix(4).reversed() { value = value << 8 | UInt32(byte) }
        return value
    }
}
