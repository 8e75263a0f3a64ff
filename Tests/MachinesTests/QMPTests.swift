import JSONText
import Machines
import SystemCalls
import TestSupport
import Testing

/// A QEMU without any hardware, whose monitor is all there is.
private func withEmptyMachine<Value>(_ body: (QMPClient, ChildProcess) throws -> Value) throws
    -> Value
{
    try withTemporaryFolder { folder in
        let path = Path.join(folder, "qmp")
        let machine = try ChildProcess(
            executable: "qemu-system-x86_64",
            arguments: [
                "-M", "none", "-nodefaults", "-display", "none", "-S",
                "-qmp", "unix:\(path),server=on,wait=off",
            ])
        defer { _ = try? machine.killAndWait() }
        let client = try QMPClient.connect(to: path, until: .after(.seconds(60)))
        return try body(client, machine)
    }
}

@Suite(
    "The monitor of a machine",
    .enabled(if: Shell.has("qemu-system-x86_64"), "there is no QEMU here"))
struct QMPTests {
    @Test("it says what it is, what it does, and what it does not know")
    func commands() throws {
        try withEmptyMachine { client, _ in
            #expect(client.version.split(separator: ".").count == 3)
            #expect(try client.machineState() == .paused)
            try client.proceed()
            #expect(try client.machineState() == .running)
            try client.pause()
            #expect(try client.machineState() == .paused)
            let error = #expect(throws: QMPError.self) { try client.execute("no-such-command") }
            guard case .refused("no-such-command", "CommandNotFound", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            // After a refusal everything goes on.
            #expect(try client.machineState() == .paused)
        }
    }

    @Test("events between a command and its answer are left out")
    func events() throws {
        try withEmptyMachine { client, _ in
            for _ in 0..<50 {
                // Each of these sends an event before its answer.
                try client.proceed()
                try client.pause()
            }
            #expect(try client.machineState() == .paused)
        }
    }

    @Test("what cannot be done is refused with QEMU's reason")
    func refusals() throws {
        try withEmptyMachine { client, _ in
            let deeds: [() throws -> Void] = [
                { try client.loadSnapshot("none") },
                { try client.setMemory(bytes: 1 << 20) },
                { try client.throttle(drive: "d0", operationsPerSecond: 1) },
            ]
            for deed in deeds {
                let error = #expect(throws: QMPError.self) { try deed() }
                guard case .refused(_, _, let reason) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(!reason.isEmpty)
            }
        }
    }

    @Test("a machine that is killed is one that went away")
    func killed() throws {
        try withEmptyMachine { client, machine in
            try machine.killAndWait()
            let error = #expect(throws: QMPError.self) { try client.machineState() }
            #expect(error == .closed(during: "query-status", path: client.path))
        }
    }

    @Test("a machine that is stopped in its tracks does not answer, and does later")
    func silent() throws {
        try withEmptyMachine { client, machine in
            try machine.signal(Signals.stop)
            let error = #expect(throws: QMPError.self) {
                try client.execute("query-status", until: .after(.milliseconds(50)))
            }
            #expect(error == .timedOut(during: "query-status", path: client.path))
            try machine.signal(Signals.proceed)
            // The late answer is not taken for the answer to this.
            #expect(try client.execute("query-name") == .object([]))
        }
    }

    @Test("what listens but is no monitor is told apart, and so is nobody")
    func strangers() throws {
        try withTemporaryFolder { folder in
            let path = Path.join(folder, "qmp")
            let missing = #expect(throws: QMPError.self) {
                try QMPClient.connect(to: path, until: .after(.milliseconds(20)))
            }
            guard case .unreachable(path, _) = missing else {
                Issue.record("\(String(describing: missing))")
                return
            }
            let listener = try UnixListener(at: path)
            let stranger = try WorkerThread(name: "stranger") {
                _ = try? listener.descriptor.waitUntilReadable(.after(.seconds(20)))
                guard let connection = try? listener.accept() else { return }
                try? connection.sendAll(Array("{\"hello\":1}\n".utf8), until: .after(.seconds(20)))
                _ = try? connection.waitUntilReadable(.after(.seconds(20)))
            }
            let strange = #expect(throws: QMPError.self) {
                try QMPClient.connect(to: path, until: .after(.seconds(20)))
            }
            #expect(strange == .stranger(path: path))
            stranger.join()
        }
    }
}
