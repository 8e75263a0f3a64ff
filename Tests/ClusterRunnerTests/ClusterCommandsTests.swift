import ClusterProtocol
import ClusterRunner
import LeaseKernel
import Synchronization
import SystemCalls
import TestSupport
import Testing

/// Operator commands with daemons that do not behave: no child is ever left behind.
@Suite struct ClusterCommandsTests {
    /// A program in the place of the daemon, which notes its process number and does `body`.
    private func script(_ folder: String, _ body: String) throws -> String {
        let path = Path.join(folder, "daemon.sh")
        let file = try FileSystem.open(path, .replace, permissions: 0o755)
        try file.writeAll(
            Array("#!/bin/sh\necho $$ >> \(folder)/started\n\(body)\n".utf8))
        return path
    }

    private func started(_ folder: String) throws -> [Int32] {
        let bytes = try FileSystem.read(Path.join(folder, "started"), limit: 4096)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            .compactMap { Int32($0) }
    }

    private func commands(_ executable: String) -> ClusterCommands {
        ClusterCommands(daemonExecutable: executable, output: { _ in })
    }

    @Test("a daemon that ends at once fails the start with its exit status")
    func earlyEnd() throws {
        try withTemporaryFolder { folder in
            let executable = try script(folder, "exit 3")
            let error = #expect(throws: ClusterRunnerError.self) {
                try commands(executable).start(workspace: Path.join(folder, "cluster"))
            }
            #expect(
                error?.description
                    == "replica 1 exited before it became ready: exit status: 3")
        }
    }

    @Test("a daemon that never gets ready is not left behind, by start nor by restart")
    func neverReady() throws {
        try withTemporaryFolder { folder in
            let executable = try script(folder, "exec sleep 60")
            let root = Path.join(folder, "cluster")
            let failedStart = #expect(throws: ClusterRunnerError.self) {
                try commands(executable).start(workspace: root)
            }
            #expect(failedStart?.description.contains("did not become ready") == true)
            #expect(try started(folder).count == 3)
            let failedRestart = #expect(throws: ClusterRunnerError.self) {
                try commands(executable).restart(workspace: root, replica: ReplicaID(2))
            }
            #expect(failedRestart?.description.contains("did not become ready") == true)
            let processes = try started(folder)
            #expect(processes.count == 4)
            for process in processes { #expect(!Processes.isAlive(process)) }
            #expect(try ClusterWorkspace(existing: root).loadTimeline().events.isEmpty)
        }
    }

    @Test("events of commands that run at the same time are all kept, in a row")
    func timeline() throws {
        try withTemporaryFolder { folder in
            _ = try ClusterWorkspace(creating: folder)
            let threads = try (0..<4).map { index in
                try WorkerThread(name: "operator") {
                    for _ in 0..<5 {
                        let id = ReplicaID(UInt64(index % 3 + 1))
                        try? commands("none").isolate(workspace: folder, replica: id)
                    }
                }
            }
            for thread in threads { thread.join() }
            let events = try ClusterWorkspace(existing: folder).loadTimeline().events
            #expect(events.map(\.sequence) == Array(1...20))
        }
    }

    @Test("the status client asks again as often as was measured")
    func attempts() throws {
        let cases = try Vectors.json("control-protocol.json")["status_decode_cases"].array
        for test in cases {
            let reply = try #require(test["text"].string)
            let expected: Int = try #require(
                test["connections_made_by_the_status_client"].integer())
            let listener = try TCPListener(binding: .loopback())
            let connections = Mutex(0)
            let done = try WakeUp()
            let thread = try WorkerThread(name: "control") {
                serve(Array(reply.utf8), on: listener, until: done) {
                    connections.withLock { $0 += 1 }
                }
            }
            let address = NetworkAddress.loopback(port: listener.address.port)
            _ = try? ControlClient(address).status()
            done.signal()
            thread.join()
            #expect(connections.withLock { $0 } == expected, "\(test["name"].string ?? "")")
        }
        print("control-protocol.json status_decode_cases: \(cases.count) cases")
        #expect(cases.count == 22)
    }
}

/// Answers every connection with `reply` until told to end.
private func serve(
    _ reply: [UInt8], on listener: TCPListener, until done: WakeUp, count: () -> Void
) {
    guard let poller = try? Poller() else { return }
    try? poller.add(listener.descriptor, token: 0, interest: .readable)
    try? poller.add(done.descriptor, token: 1, interest: .readable)
    while let ready = try? poller.wait(.seconds(10)), !ready.contains(where: { $0.token == 1 }) {
        guard let connection = (try? listener.accept()) ?? nil else { continue }
        count()
        while (try? connection.receive(atMost: 100)) != .end {
            _ = try? connection.descriptor.waitUntilReadable(.after(.seconds(1)))
        }
        if !reply.isEmpty { _ = reply.withUnsafeBytes { try? connection.send($0) } }
    }
}
