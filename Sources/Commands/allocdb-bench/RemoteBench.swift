import Glibc
import Remote
import SecureShell
import SystemCalls

/// What working through SSH costs beside the same work on this machine: round trips, connections,
/// commands and files, with an OpenSSH server that it starts on loopback for itself.
struct RemoteBench {
    /// Size of the file that is copied.
    var megabytes: Int
    /// Where keys, files and the server's configuration lie meanwhile.
    var folder: String

    static let exchanges = 2000
    static let commands = 100

    func run() throws -> String {
        let server = try Server(folder)
        defer { server.stop() }
        let local = LocalRemote()
        let remote = SSHRemote(server.configuration)
        defer { remote.close() }
        var report = BenchReport()
        try measureConnecting(server, &report)
        try measureCommands(local, remote, &report)
        try measureRoundTrips(remote, &report)
        try measureFiles(local, remote, &report)
        return report.text
    }

    private func measureConnecting(_ server: Server, _ report: inout BenchReport) throws {
        let latencies = try Self.latencies(of: 10) {
            let remote = SSHRemote(server.configuration)
            defer { remote.close() }
            try remote.connect(until: .after(.seconds(60)))
        }
        report.line("a new session and its first command", latencies.summary)
    }

    private func measureCommands(
        _ local: LocalRemote, _ remote: SSHRemote, _ report: inout BenchReport
    ) throws {
        let near = try Self.latencies(of: Self.commands) {
            _ = try local.execute("true", until: .after(.seconds(60)))
        }
        _ = try remote.execute("true", until: .after(.seconds(60)))
        let before = OwnThreads.processorTime(of: "ssh")
        let far = try Self.latencies(of: Self.commands) {
            _ = try remote.execute("true", until: .after(.seconds(60)))
        }
        let after = OwnThreads.processorTime(of: "ssh")
        report.line("`true` in a shell of this machine", near.summary)
        report.line("`true` on a kept session", far.summary)
        report.number("  median, ms", Self.milliseconds(far.median), goal: "< 10")
        if let before, let after {
            let each = Self.milliseconds(after - before) / Double(Self.commands)
            report.number("  processor time of the session each, ms", each, goal: "none")
        }
    }

    private func measureRoundTrips(_ remote: SSHRemote, _ report: inout BenchReport) throws {
        let echo = try Echo()
        defer { echo.stop() }
        let near = try roundTrips(in: .own, to: echo.address)
        let far = try roundTrips(in: remote.network, to: echo.address)
        report.line("round trip of 60 bytes over TCP", near.summary)
        report.line("round trip over a stream of SSH", far.summary)
        report.number("  added, ms", Self.milliseconds(far.median - near.median), goal: "< 2")
        let nearWhole = try requests(in: .own, to: echo.address)
        let farWhole = try requests(in: remote.network, to: echo.address)
        report.line("connect, ask, answer, close over TCP", nearWhole.summary)
        report.line("the same over a stream of SSH", farWhole.summary)
        report.number(
            "  added, ms", Self.milliseconds(farWhole.median - nearWhole.median), goal: "< 2")
    }

    /// On one connection that is kept.
    private func roundTrips(in place: NetworkPlace, to address: SocketAddress) throws -> Latencies {
        let connection = try TCPConnection.connect(
            to: address, in: place, until: .after(.seconds(60)))
        defer { connection.close() }
        let question = [UInt8](repeating: 7, count: 60)
        return try Self.latencies(of: Self.exchanges) {
            _ = try question.withUnsafeBytes { try connection.send($0) }
            var received = 0
            while received < question.count {
                _ = try connection.descriptor.waitUntilReadable(.after(.seconds(60)))
                guard case .bytes(let bytes) = try connection.receive(atMost: 1024) else {
                    throw Failure(description: "the echo has ended")
                }
                received += bytes.count
            }
        }
    }

    /// Each on a connection of its own, as a client's request to a replica is.
    private func requests(in place: NetworkPlace, to address: SocketAddress) throws -> Latencies {
        let exchange = OneShotExchange(
            connectLimit: .seconds(60), exchangeLimit: .seconds(60), in: place)
        let question = [UInt8](repeating: 7, count: 60)
        return try Self.latencies(of: Self.exchanges / 4) {
            _ = try exchange.perform(question, with: address)
        }
    }

    private func measureFiles(
        _ local: LocalRemote, _ remote: SSHRemote, _ report: inout BenchReport
    ) throws {
        let source = Path.join(folder, "source")
        let target = Path.join(folder, "target")
        let file = try FileSystem.open(source, .replace)
        let piece = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 4) }
        for _ in 0..<megabytes { try file.writeAll(piece) }
        let limit = Deadline.after(.seconds(600))
        let copied = try speed {
            try local.upload(source, to: target, permissions: 0o600, until: limit)
        }
        let up = try speed {
            try remote.upload(source, to: target, permissions: 0o600, until: limit)
        }
        let down = try speed { try remote.download(source, to: target, until: limit) }
        report.number("a copy on this machine, MB/s", copied, goal: "the yardstick")
        report.number("\(megabytes) MB up, MB/s", up, goal: ">= 80")
        report.number("\(megabytes) MB down, MB/s", down, goal: ">= 80")
    }

    /// The best of three, in megabytes a second.
    private func speed(_ body: () throws -> Void) throws -> Double {
        let times = try Self.latencies(of: 3, body)
        return Double(megabytes) * 1000 / max(1, Self.milliseconds(times.quantile(0)))
    }

    private static func latencies(of count: Int, _ body: () throws -> Void) throws -> Latencies {
        var times: [Int64] = []
        for _ in 0..<count {
            let start = Instant.now
            try body()
            times.append((Instant.now - start).wholeNanoseconds)
        }
        return Latencies(nanoseconds: times)
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.wholeNanoseconds) / 1e6
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}

// MARK: - The other ends

extension RemoteBench {
    /// An OpenSSH server with keys of its own.
    private struct Server {
        let configuration: SSHConfiguration
        private let process: ChildProcess
        private let ports: FreePorts

        init(_ folder: String) throws {
            ports = try FreePorts(1)
            let address = SocketAddress.loopback(port: ports.numbers[0])
            for name in ["host", "client"] {
                let made = try CapturedRun(
                    "ssh-keygen",
                    ["-q", "-t", "ed25519", "-N", "", "-f", Path.join(folder, name)],
                    until: .after(.seconds(60)))
                guard made.status.isSuccess else { throw Failure(description: made.errorText) }
            }
            let key = try FileSystem.read(Path.join(folder, "host.pub"), limit: 10000)
            guard let hostKey = HostKey(String(decoding: key, as: UTF8.self)) else {
                throw Failure(description: "ssh-keygen made no host key")
            }
            let user = try CapturedRun("id", ["-un"], until: .after(.seconds(60))).outputText
            configuration = SSHConfiguration(
                user: String(user.prefix { !$0.isNewline }), route: .direct(address),
                hostKey: hostKey,
                identities: [.file(path: Path.join(folder, "client"), passphrase: nil)])
            // Where sshd drops its privileges to, when it has any.
            if getuid() == 0 { try FileSystem.createFolders("/run/sshd") }
            let lines = [
                "ListenAddress 127.0.0.1", "Port \(address.port)", "PidFile none", "UsePAM no",
                "HostKey \(folder)/host", "AuthorizedKeysFile \(folder)/client.pub",
                "StrictModes no", "PermitRootLogin yes", "PasswordAuthentication no",
                // Keeps bash from reading the profile of whoever measures.
                "SetEnv SHLVL=1",
            ]
            let file = Path.join(folder, "sshd_config")
            try FileSystem.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: file)
            process = try ChildProcess(
                executable: "/usr/sbin/sshd", arguments: ["-D", "-f", file])
            let limit = Deadline.after(.seconds(20))
            while (try? TCPConnection.connect(to: address, until: limit)) == nil {
                guard !limit.isPassed, try process.poll() == nil else {
                    throw Failure(description: "sshd does not start (package openssh-server)")
                }
                sleepThread(for: .milliseconds(5))
            }
        }

        func stop() {
            _ = try? process.killAndWait()
        }
    }

    /// Gives back what it is sent, one connection after the other.
    private struct Echo {
        let address: SocketAddress
        private let end: WakeUp
        private let thread: WorkerThread

        init() throws {
            let listener = try TCPListener(binding: .loopback())
            let end = try WakeUp()
            address = listener.address
            self.end = end
            thread = try WorkerThread(name: "echo") {
                while (try? end.descriptor.waitUntilReadable(.after(.zero))) == false {
                    guard
                        (try? listener.descriptor.waitUntilReadable(.after(.milliseconds(50))))
                            == true, let connection = try? listener.accept()
                    else { continue }
                    Self.serve(connection)
                }
            }
        }

        private static func serve(_ connection: TCPConnection) {
            while (try? connection.descriptor.waitUntilReadable(.after(.seconds(60)))) == true,
                case .bytes(let bytes) = try? connection.receive(atMost: 64 << 10),
                bytes.withUnsafeBytes({ try? connection.send($0) }) == bytes.count
            {}
            try? connection.finishSending()
            connection.close()
        }

        func stop() {
            end.signal()
            thread.join()
        }
    }
}
