import LeaseKernel
import Synchronization
import SystemCalls

/// Ends this process at the boundary that the test names in a file:
///
///     <serial> <boundary> <passages>
///
/// A new serial begins a new count. The file is removed right before the end; which boundaries
/// were passed is noted in another file.
final class CrashTrigger: Sendable {
    private struct State {
        var serial = ""
        var passages = 0
        var seen: Set<String> = []
    }

    private let order: String
    private let trace: FileDescriptor?
    private let state = Mutex(State())

    init(workspaceRoot: String, replica: ReplicaID) {
        order = Path.join(workspaceRoot, "crash-\(replica)")
        trace = try? FileSystem.open(Path.join(workspaceRoot, "passed-\(replica)"), .append)
    }

    func pass(_ boundary: String) {
        if isDue(boundary) { endNow() }
    }

    /// Whether the process is to end here. Counts one passage.
    func isDue(_ boundary: String) -> Bool {
        state.withLock { state in
            if state.seen.insert(boundary).inserted {
                try? trace?.writeAll(Array("\(boundary)\n".utf8))
            }
            guard let bytes = try? FileSystem.read(order, limit: 1000) else { return false }
            let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            guard words.count == 3, let passages = Int(words[2]) else { return false }
            if state.serial != words[0] {
                state.serial = String(words[0])
                state.passages = 0
            }
            guard words[1] == boundary else { return false }
            state.passages += 1
            return state.passages == passages
        }
    }

    func endNow() -> Never {
        _ = try? FileSystem.removeFile(order)
        while true {
            try? Processes.signal(Processes.ownID, Signals.kill)
            sleepThread(for: .milliseconds(10))
        }
    }
}
