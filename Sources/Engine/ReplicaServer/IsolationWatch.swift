import ClusterProtocol
import DurableFiles
import LeaseKernel
import SystemCalls

/// Whether the operator has cut this replica off, as the fault file says (cluster-runner.md 4).
///
/// The file is looked at on every connection and read again only when it has changed. One that
/// cannot be read or decoded changes nothing: the last known state stays (weakness C3 of the
/// reference, which ends there).
struct IsolationWatch {
    private let path: String
    private let replica: ReplicaID
    private var seen: FileSystem.Facts?
    private(set) var isIsolated = false

    /// What a look at the file found.
    enum Finding: Equatable {
        case unchanged
        case changed(isolated: Bool)
        /// Text for the log, once per damaged version of the file.
        case unusable(String)
    }

    /// Largest fault file that is read.
    static let fileByteLimit = 64 << 10

    init(path: String, replica: ReplicaID) {
        self.path = path
        self.replica = replica
    }

    mutating func look() -> Finding {
        do {
            // A missing file means that nobody was ever isolated.
            guard let facts = try FileSystem.facts(path) else {
                seen = nil
                return set(false)
            }
            if facts == seen { return .unchanged }
            seen = facts
            let bytes = try FileSystem.read(path, limit: Self.fileByteLimit)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .unusable("fault file is not valid UTF-8")
            }
            return set(try FaultState(text: text).isIsolated(replica))
        } catch {
            return .unusable("\(error)")
        }
    }

    private mutating func set(_ isolated: Bool) -> Finding {
        if isolated == isIsolated { return .unchanged }
        isIsolated = isolated
        return .changed(isolated: isolated)
    }
}
