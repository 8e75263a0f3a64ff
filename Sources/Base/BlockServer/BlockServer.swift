import Synchronization
public import SystemCalls

/// Serves one disk to clients of NBD over a socket with a name in a folder, in a thread of its
/// own: to QEMU (`-blockdev driver=nbd,server.type=unix,server.path=...`), or to `qemu-img` and
/// `qemu-io` (`nbd+unix:///disk?socket=...`).
///
/// A client that is not done with the handshake in time, or does not keep to the protocol, loses
/// its connection; the others notice nothing.
public final class BlockServer: Sendable {
    /// Name under which clients ask for the disk; none at all asks for it, too.
    public static let exportName = "disk"
    /// Connections at one time; further ones are closed at once.
    public static let connectionLimit = 16

    public let disk: BlockDisk
    public let socketPath: String
    private let loop: Loop
    private let thread: WorkerThread

    /// A socket that a dead process left behind under that name is replaced.
    public init(
        _ disk: BlockDisk, at socketPath: String, handshakeLimit: Duration = .seconds(10)
    ) throws(SystemError) {
        self.disk = disk
        self.socketPath = socketPath
        _ = try FileSystem.removeFile(socketPath)
        let loop = try Loop(disk, at: socketPath, handshakeLimit: handshakeLimit)
        self.loop = loop
        disk.setListener { loop.wake() }
        thread = try WorkerThread(name: "block-server") { loop.run() }
    }

    /// Why clients lost their connections, those that kept to the protocol left out; the last
    /// hundred.
    public var complaints: [String] { loop.complaints.withLock { $0 } }

    /// Closes all connections and ends the thread. Later calls do nothing.
    public func stop() {
        disk.setListener(nil)
        loop.stop()
        thread.join()
    }

    deinit { stop() }
}

/// What the thread does.
private final class Loop: Sendable {
    private static let wakeToken: UInt64 = 0
    private static let listenerToken: UInt64 = 1

    let complaints = Mutex<[String]>([])
    private let disk: BlockDisk
    /// Taken by the thread, and gone with it: so is its name.
    private let listener: Mutex<UnixListener?>
    private let poller: Poller
    private let wakeUp: WakeUp
    private let handshakeLimit: Duration
    private let isStopping = Atomic(false)

    init(_ disk: BlockDisk, at path: String, handshakeLimit: Duration) throws(SystemError) {
        self.disk = disk
        self.handshakeLimit = handshakeLimit
        let listener = try UnixListener(at: path)
        self.listener = Mutex(listener)
        poller = try Poller()
        wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor, token: Self.wakeToken, interest: .readable)
        try poller.add(listener.descriptor, token: Self.listenerToken, interest: .readable)
    }

    func wake() { wakeUp.signal() }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
    }

    func run() {
        let taken = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        guard let taken else { return }
        var clients: [UInt64: BlockClient] = [:]
        var nextToken = Self.listenerToken + 1
        while !isStopping.load(ordering: .acquiring) {
            // Only a descriptor of ours that is not one could fail here.
            guard let ready = try? poller.wait(limit(clients)) else { return }
            for one in ready {
                switch one.token {
                case Self.wakeToken: wakeUp.consume()
                case Self.listenerToken: accept(from: taken, &clients, &nextToken)
                case let token: clients[token]?.readAndWrite(one.interest)
                }
            }
            for client in clients.values { client.retry() }
            drop(&clients)
            disk.setWaiting(clients.values.reduce(0) { $0 + $1.waiting })
        }
    }

    private func limit(_ clients: [UInt64: BlockClient]) -> Duration? {
        let moments =
            clients.values.compactMap(\.handshakeEnd) + [disk.nextChange].compactMap { $0 }
        return moments.min().map { max(.zero, $0 - .now) }
    }

    private func accept(
        from listener: UnixListener, _ clients: inout [UInt64: BlockClient],
        _ nextToken: inout UInt64
    ) {
        while let descriptor = (try? listener.accept()) ?? nil {
            guard clients.count < BlockServer.connectionLimit else { continue }
            let token = nextToken
            nextToken += 1
            let client = BlockClient(
                descriptor, of: disk, poller: poller, token: token,
                handshakeEnd: .now + handshakeLimit)
            if client.begin() { clients[token] = client }
        }
    }

    private func drop(_ clients: inout [UInt64: BlockClient]) {
        for (token, client) in clients {
            guard let reason = client.isOver(at: .now) else { continue }
            // Told before the client can see it.
            if case .complaint(let words) = reason { complain(words) }
            clients[token] = nil
            client.close()
        }
    }

    private func complain(_ words: String) {
        complaints.withLock { complaints in
            if complaints.count == 100 { complaints.removeFirst() }
            complaints.append(words)
        }
    }
}
