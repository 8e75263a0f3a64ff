import ClusterProtocol
import ClusterRunner
import LeaseEngine
import LeaseKernel
import StorageDoubles
import Synchronization
import SystemCalls
import TestSupport
import Testing

@testable import ReplicaServer
@testable import Replication

/// A core that answers every client request with "resource not found" and remembers nothing,
/// for looking at the server alone.
struct AnsweringCore: ReplicaCore {
    static let answer: [UInt8] = [4]
    var nextWakeUp = Instant.now + .seconds(3600)
    private var checkpoint: RequestToken?
    let status = LiveStatus(
        role: .primary, currentView: View(1), commitLSN: nil, activeSnapshotLSN: nil,
        lastNormalView: nil, durableVote: nil, highestPreparedLSN: nil, engine: nil,
        faultReason: nil)

    mutating func handle(_ input: LiveInput, at now: Instant, effects: inout [LiveEffect]) {
        switch input {
        case .client(let token, _): effects.append(.reply(token, Self.answer))
        case .stop: effects.append(.stopped)
        case .timer: nextWakeUp = now + .seconds(3600)
        case .legacyPrepare(let token, _), .legacyCommit(let token, _, _):
            effects.append(.reply(token, []))
        case .checkpoint(let token):
            checkpoint = token
            effects.append(
                .store(
                    StorageJob(
                        token: StorageToken(1), purpose: .checkpoint, work: [.sync(.journal)])))
        case .storageFinished:
            if let checkpoint { effects.append(.reply(checkpoint, Self.answer)) }
        case .peerRequest(_, let stream, let message):
            effects.append(.answer(stream, message))
        case .peerConnected, .peerDisconnected, .peerAnswer, .isolationChanged: break
        }
    }

    mutating func finishRound(at now: Instant, effects: inout [LiveEffect]) {}
    func explain(at now: Instant) -> [ExplainLine] { [ExplainLine("core", "answering")] }
}

/// A disk whose syncs take until they are let through.
struct HeldStorage: StorageDecorator, Sendable {
    var disk = MemoryFiles()
    /// Signalled when a sync has begun, and waited for by it.
    let begun = Semaphore()
    let release = Semaphore()

    func sync(_ file: ReplicaFile) {
        begun.signal()
        release.wait()
    }
}

/// One replica's server with the answering core, in this process.
func withServer(
    _ storage: HeldStorage = HeldStorage(),
    _ body: (ClusterWorkspace, ReplicaLayout) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        let workspace = try ClusterWorkspace(creating: folder)
        _ = try workspace.loadFaults()
        let replica = try workspace.replica(ReplicaID(1))
        let status = Mutex<Int32?>(nil)
        let thread = try WorkerThread(name: "server") {
            let parts = DaemonParts(
                openStorage: { _ in storage },
                recover: { _, _, _, _ in AnsweringCore() })
            let code = ReplicaDaemon(layout: workspace.layout, replica: replica).run(parts)
            status.withLock { $0 = code }
        }
        let control = ControlClient(replica.addresses.control)
        try waitUntil("the server answers") { (try? control.status()) != nil }
        defer {
            try? control.stop()
            thread.join()
            #expect(status.withLock { $0 } == 0)
            #expect(!FileSystem.exists(replica.pidPath))
        }
        try body(workspace, replica)
    }
}

func waitUntil(
    _ what: String, limit: Duration = .seconds(10), _ condition: () throws -> Bool
) throws {
    let deadline = Deadline.after(limit)
    while try !condition() {
        guard !deadline.isPassed else {
            Issue.record("waited in vain: \(what)")
            return
        }
        sleepThread(for: .milliseconds(5))
    }
}

@Suite struct ServerTests {
    private let exchange = OneShotExchange(
        connectLimit: .seconds(2), exchangeLimit: .seconds(5))
    /// get_resource 1, without a fence.
    private let read: [UInt8] = [2, 0, 1] + [UInt8](repeating: 0, count: 15)

    private func connect(_ address: NetworkAddress) throws -> TCPConnection {
        try TCPConnection.connect(
            to: #require(SocketAddress("\(address)")), until: .after(.seconds(2)))
    }

    private func ask(_ address: NetworkAddress, _ bytes: [UInt8]) throws -> [UInt8] {
        try exchange.perform(bytes, with: #require(SocketAddress("\(address)")))
    }

    private func send(_ bytes: [UInt8], on connection: TCPConnection) throws {
        let count = try bytes.withUnsafeBytes { try connection.send($0) }
        #expect(count == bytes.count)
    }

    private func readToEnd(_ connection: TCPConnection) throws -> String {
        var bytes: [UInt8] = []
        while true {
            switch try connection.receive(atMost: 4096) {
            case .bytes(let more): bytes += more
            case .end: return String(decoding: bytes, as: UTF8.self)
            case .nothingYet:
                try #require(try connection.descriptor.waitUntilReadable(.after(.seconds(10))))
            }
        }
    }

    @Test("silent, trickling, resetting and garbling peers on any port keep nobody waiting")
    func hostilePeers() throws {
        try withServer { _, replica throws in
            let addresses = replica.addresses
            let ports = [addresses.control, addresses.client, addresses.protocol]
            var held: [TCPConnection] = []
            for port in ports {
                for _ in 0..<20 { held.append(try connect(port)) }
                let trickle = try connect(port)
                try send([1], on: trickle)
                held.append(trickle)
                for garbage in [[0xff, 0xfe, 10], [], Array("ADBPxxxx".utf8), [0x41]] {
                    let connection = try connect(port)
                    if !garbage.isEmpty { try send(garbage, on: connection) }
                    try connection.resetOnClose()
                    connection.close()
                }
            }
            let start = Instant.now
            for _ in 0..<10 {
                #expect(try ask(addresses.client, read) == AnsweringCore.answer)
                #expect(throws: Never.self) { try ControlClient(addresses.control).status() }
            }
            #expect(Instant.now - start < .seconds(2))
            for connection in held { connection.close() }
        }
    }

    @Test("while the disk is at a sync, every port is served; its end is served as well")
    func heldSync() throws {
        let storage = HeldStorage()
        try withServer(storage) { _, replica throws in
            let asking = try connect(replica.addresses.control)
            try send(Array("checkpoint\n".utf8), on: asking)
            try asking.finishSending()
            storage.begun.wait()
            for _ in 0..<20 {
                #expect(try ask(replica.addresses.client, read) == AnsweringCore.answer)
                #expect(throws: Never.self) {
                    try ControlClient(replica.addresses.control).status()
                }
            }
            storage.release.signal()
            #expect(try Array(readToEnd(asking).utf8) == AnsweringCore.answer)
        }
    }

    @Test("a client that never ends its request is told so after half a second")
    func idle() throws {
        try withServer { _, replica throws in
            let connection = try connect(replica.addresses.client)
            try send(read, on: connection)
            let start = Instant.now
            #expect(
                try readToEnd(connection)
                    == "status=error\nmessage=failed to read client request: "
                    + "Resource temporarily unavailable (os error 11)\n")
            #expect(Instant.now - start >= .milliseconds(450))
            #expect(Instant.now - start < .seconds(2))
        }
    }

    @Test("the size limit is exact, and its text arrives although the rest was never read")
    func sizeLimit() throws {
        try withServer { _, replica throws in
            let atLimit = [UInt8](repeating: 0, count: ClientRequest.maximumByteCount)
            #expect(
                String(decoding: try ask(replica.addresses.client, atLimit), as: UTF8.self)
                    == "status=error\nmessage=invalid client request: InvalidRequestTag(0)\n")
            #expect(
                String(decoding: try ask(replica.addresses.client, atLimit + [0]), as: UTF8.self)
                    == "status=error\nmessage=client request exceeds max size 1048576 bytes\n")
        }
    }

    @Test("more connections than there is room for push out the silent ones, not the working")
    func crowd() throws {
        try withServer { _, replica throws in
            let limit = PortLimits.standard(for: .protocol).connections
            let held = try (0..<limit + 20).map { _ in try connect(replica.addresses.protocol) }
            #expect(
                String(decoding: try ask(replica.addresses.protocol, [9]), as: UTF8.self)
                    .contains("invalid protocol request tag 9"))
            for connection in held { connection.close() }
        }
    }

    @Test("isolation follows the fault file on the next connection; damage changes nothing")
    func isolation() throws {
        try withServer { workspace, replica throws in
            let commands = ClusterCommands(daemonExecutable: "none", output: { _ in })
            let root = workspace.layout.workspaceRoot
            let refusal = "status=error\nmessage=network isolated by local harness\n"
            try commands.isolate(workspace: root, replica: replica.id)
            for port in [replica.addresses.client, replica.addresses.protocol] {
                #expect(String(decoding: try ask(port, read), as: UTF8.self) == refusal)
                #expect(try readToEnd(try connect(port)) == refusal)
            }
            try FileSystem.write(Array("garbage\n".utf8), to: workspace.layout.faultsPath)
            #expect(
                String(decoding: try ask(replica.addresses.client, read), as: UTF8.self)
                    == refusal)
            try FileSystem.write(
                Array(FaultState(workspaceRoot: root).text.utf8), to: workspace.layout.faultsPath)
            #expect(try ask(replica.addresses.client, read) == AnsweringCore.answer)
            try FileSystem.write([0xff], to: workspace.layout.faultsPath)
            #expect(try ask(replica.addresses.client, read) == AnsweringCore.answer)
        }
    }

    @Test("control words are answered, others refused with the word")
    func control() throws {
        try withServer { _, replica throws in
            func text(_ request: String) throws -> String {
                String(
                    decoding: try ask(replica.addresses.control, Array(request.utf8)),
                    as: UTF8.self)
            }
            #expect(try text(" explain\n") == "status=ok\ncore=answering\n")
            #expect(try text("status").hasPrefix("status=ok\nprotocol_version=1\nprocess_id="))
            #expect(
                try text("nonsense\n")
                    == "status=error\nmessage=unknown control command `nonsense`\n")
            #expect(try text(String(repeating: "x", count: 5000)).contains("exceeds max size"))
        }
    }

    @Test("a second daemon of the same replica ends at the lock and touches nothing")
    func secondDaemon() throws {
        try withServer { workspace, replica throws in
            let pidFile = try FileSystem.facts(replica.pidPath)
            let parts = DaemonParts(
                openStorage: { _ in HeldStorage() },
                recover: { (_, _, _, _) -> AnsweringCore in
                    Issue.record("recovery must not begin")
                    return AnsweringCore()
                })
            let thread = try WorkerThread(name: "second") {
                #expect(ReplicaDaemon(layout: workspace.layout, replica: replica).run(parts) == 1)
            }
            thread.join()
            #expect(try FileSystem.facts(replica.pidPath) == pidFile)
            #expect(try ask(replica.addresses.client, read) == AnsweringCore.answer)
        }
    }
}
