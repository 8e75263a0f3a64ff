import Synchronization
import SystemCalls

/// Passes TCP connections on to a server, and can fail like a network: connections are broken
/// off, or fall silent while they stand.
final class CutRelay: Sendable {
    enum Mode: Sendable {
        case passing
        /// Connections stand, and nothing passes.
        case silent
        /// Connections are broken off as soon as they are made.
        case refusing
    }

    let address: SocketAddress
    private let core = RelayCore()

    init(to target: SocketAddress) throws {
        let listener = try TCPListener(binding: .loopback())
        address = listener.address
        let core = core
        _ = try WorkerThread(name: "relay") { core.serve(listener, target) }
    }

    deinit {
        core.state.withLock { $0.isOver = true }
    }

    var accepted: Int { core.state.withLock { $0.accepted } }
    /// Bytes that came from the server.
    var passed: Int { core.state.withLock { $0.passed } }

    func becomes(_ mode: Mode) {
        core.state.withLock { $0.mode = mode }
    }

    /// Breaks off every connection there is; later ones pass.
    func cut() {
        core.state.withLock { $0.cuts += 1 }
    }
}

private final class RelayCore: Sendable {
    struct State {
        var mode = CutRelay.Mode.passing
        var isOver = false
        var cuts = 0
        var passed = 0
        var accepted = 0
    }

    let state = Mutex(State())

    func serve(_ listener: TCPListener, _ target: SocketAddress) {
        while !state.withLock({ $0.isOver }) {
            guard
                (try? listener.descriptor.waitUntilReadable(.after(.milliseconds(20)))) == true,
                let near = try? listener.accept()
            else { continue }
            let (mode, cuts) = state.withLock { state in
                state.accepted += 1
                return (state.mode, state.cuts)
            }
            guard mode != .refusing,
                let far = try? TCPConnection.connect(to: target, until: soon())
            else {
                try? near.resetOnClose()
                near.close()
                continue
            }
            _ = try? WorkerThread(name: "relay-out") { self.pass(from: near, to: far, cuts) }
            _ = try? WorkerThread(name: "relay-in") {
                self.pass(from: far, to: near, cuts, counted: true)
            }
        }
    }

    private func pass(
        from source: TCPConnection, to target: TCPConnection, _ cuts: Int, counted: Bool = false
    ) {
        while true {
            let (mode, isCut) = state.withLock { ($0.mode, $0.isOver || $0.cuts != cuts) }
            if isCut { break }
            if mode == .silent {
                sleepThread(for: .milliseconds(5))
                continue
            }
            guard
                (try? source.descriptor.waitUntilReadable(.after(.milliseconds(20)))) == true
            else { continue }
            guard let received = try? source.receive(atMost: 64 << 10), received != .end else {
                break
            }
            guard case .bytes(let bytes) = received else { continue }
            if counted { state.withLock { $0.passed += bytes.count } }
            guard send(bytes, to: target, cuts) else { break }
        }
        // What is left behind is a reset, as from a network that has forgotten the connection.
        try? source.resetOnClose()
        try? target.resetOnClose()
        try? source.finishSending()
        try? target.finishSending()
        sleepThread(for: .milliseconds(50))
        source.close()
        target.close()
    }

    private func send(_ bytes: [UInt8], to target: TCPConnection, _ cuts: Int) -> Bool {
        var sent = 0
        while sent < bytes.count {
            if state.withLock({ $0.isOver || $0.cuts != cuts }) { return false }
            let taken = bytes.withUnsafeBytes {
                try? target.send(UnsafeRawBufferPointer(rebasing: $0[sent...]))
            }
            guard let taken else { return false }
            sent += taken
            if taken == 0 {
                _ = try? target.descriptor.waitUntilWritable(.after(.milliseconds(20)))
            }
        }
        return true
    }
}
