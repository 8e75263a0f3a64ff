import FaultyDisk
import SystemCalls

/// The process around one disk: mounts it, answers the kernel and the testbed, and takes the
/// mount away when the testbed is gone, however that went.
public enum DiskServer {
    private enum Source: UInt64 {
        case kernel, control, signals
    }

    /// Longest line of control input that is understood.
    private static let longestLine = 4096

    /// Serves a disk of `capacity` bytes at a folder that exists until the input ends, a signal
    /// comes, or somebody else unmounts it. Returns the exit status. Must be called before the
    /// process has started any thread.
    public static func serve(at path: String, capacity: Int) -> Int32 {
        Signals.ignoreBrokenPipes()
        do {
            let signals = try SignalReader([
                Signals.terminate, Signals.interrupt, Signals.hangUp,
            ])
            let service = DiskService(capacity: capacity)
            let session = try FuseSession(mounting: service, at: path)
            defer { session.unmount() }
            StandardStreams.writeOutput(DiskServerFacts.readyLine + "\n")
            try answer(session, signals)
            return 0
        } catch {
            StandardStreams.writeOutput("\(DiskServerFacts.failedPrefix)\(error)\n")
            return 1
        }
    }

    private static func answer(
        _ session: FuseSession, _ signals: SignalReader
    ) throws(SystemError) {
        let input = try StandardStreams.inputDescriptor()
        try input.setNonBlocking(true)
        let poller = try Poller()
        try poller.add(session.descriptor, token: Source.kernel.rawValue, interest: .readable)
        try poller.add(input, token: Source.control.rawValue, interest: .readable)
        try poller.add(signals.descriptor, token: Source.signals.rawValue, interest: .readable)
        var pending: [UInt8] = []
        while !session.isOver {
            let limit = session.service.faults.nextEnd.map { max(.zero, $0 - .now) }
            for ready in try poller.wait(limit) {
                switch Source(rawValue: ready.token) {
                case .kernel: session.answerPending()
                case .control:
                    guard try read(input, into: &pending) else { return }
                    carryOut(&pending, session)
                    if pending.count > longestLine { return }
                case .signals, nil: return
                }
            }
            session.retryHeld()
        }
    }

    /// False at the end of the input.
    private static func read(
        _ input: FileDescriptor, into pending: inout [UInt8]
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let bytes = try input.read(atMost: longestLine)
            pending += bytes
            return !bytes.isEmpty
        } catch {
            if error.wouldBlock { return true }
            throw error
        }
    }

    private static func carryOut(_ pending: inout [UInt8], _ session: FuseSession) {
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: pending[..<end], as: UTF8.self)
            pending.removeSubrange(...end)
            guard let request = DiskRequest(line: line) else {
                StandardStreams.writeOutput(DiskReply.refused("no request: \(line)").line + "\n")
                continue
            }
            if case .cutPower = request { session.failHeld() }
            let reply = session.service.carryOut(request, waiting: session.waiting)
            // What no longer has to wait is answered before the testbed hears that it is over.
            session.retryHeld()
            StandardStreams.writeOutput(reply.line + "\n")
        }
    }
}
