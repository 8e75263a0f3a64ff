import ClusterProtocol
import LeaseKernel
import SSHServers
import SecureShell
import SystemCalls
import TestSupport
import Testing

/// The program itself, on hosts behind a real SSH server.
@Suite("Runs on hosts reached by SSH", .serialized)
struct HostRunTests {
    struct Place {
        let server: TestServer
        let folder: String
        let file: String
        let tool: String

        func call(_ words: [String]) throws -> CapturedRun {
            try CapturedRun(tool, words, folder: folder, until: .after(.seconds(600)))
        }

        var residue: [String] {
            get throws {
                let there = Path.join(folder, "there")
                return FileSystem.exists(there) ? try FileSystem.list(there) : []
            }
        }
    }

    /// Three hosts that are one machine, with folders and ports of their own.
    static func withHosts(_ body: (Place) throws -> Void) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "host-runs")
        defer { try? FileSystem.removeTree(folder) }
        let server = try TestServer()
        let ports = try FreePorts(9)
        let hosts = (0..<3).map { host in
            let own = ports.numbers[host * 3..<host * 3 + 3].map(String.init)
            return """
                  - address: 127.0.0.1
                    ssh: \(server.address)
                    ports: {control: \(own[0]), client: \(own[1]), protocol: \(own[2])}
                """
        }
        let text =
            "user: \(TestServer.user)\nkey: \(server.clientKey)\nfolder: \(folder)/there\nhosts:\n"
            + hosts.joined(separator: "\n") + "\n"
        let file = Path.join(folder, "hosts.yaml")
        try FileSystem.write(Array(text.utf8), to: file)
        try body(
            Place(
                server: server, folder: folder, file: file,
                tool: try builtExecutable("allocdb-jepsen")))
    }

    private func run(_ place: Place, _ seed: Int) -> [String] {
        [
            "run", "reservation_contention-crash-restart", "--testbed", "ssh", "--hosts",
            place.file, "--fault-window", "5", "--seed", "\(seed)", "--quiet",
        ]
    }

    @Test("hosts are prepared, carry a run that passes, and are left as they were")
    func whole() throws {
        try Self.withHosts { place in
            let tooEarly = try place.call(run(place, 3))
            #expect(tooEarly.status == .exited(code: 2))
            #expect(tooEarly.outputText.contains("hosts prepare"))

            let prepared = try place.call(["hosts", "prepare", place.file])
            #expect(prepared.status.isSuccess, "\(prepared.errorText)")
            #expect(
                prepared.outputText.contains("fingerprint=\(place.server.hostKey.fingerprint)"))
            #expect(try place.residue == [])

            let run = try place.call(run(place, 3))
            #expect(run.status.isSuccess, "\(run.outputText)\(run.errorText)")
            #expect(run.outputText.contains("PASSED"))
            #expect(try place.residue == ["programs"])

            #expect(try place.call(["hosts", "destroy", place.file]).status.isSuccess)
            #expect(try place.residue == [])
        }
    }

    @Test("what a killed tool left is ended by the next start")
    func killed() throws {
        try Self.withHosts { place in
            #expect(try place.call(["hosts", "prepare", place.file]).status.isSuccess)
            let tool = try ChildProcess(
                executable: place.tool, arguments: run(place, 4), folder: place.folder)
            let there = Path.join(place.folder, "there/lane-1/r3/run/daemon")
            let deadline = Deadline.after(.seconds(120))
            while !FileSystem.exists(there), !deadline.isPassed {
                sleepThread(for: .milliseconds(20))
            }
            _ = try tool.killAndWait()
            #expect(!HostBench.processes(below: Path.join(place.folder, "there")).isEmpty)
            let destroyed = try place.call(["hosts", "destroy", place.file])
            #expect(destroyed.status.isSuccess, "\(destroyed.errorText)")
            #expect(try place.residue == [])
            let end = Deadline.after(.seconds(30))
            while !HostBench.processes(below: Path.join(place.folder, "there")).isEmpty,
                !end.isPassed
            {
                sleepThread(for: .milliseconds(50))
            }
            #expect(HostBench.processes(below: Path.join(place.folder, "there")).isEmpty)
        }
    }

    @Test("a host that shows another key is not spoken to")
    func otherKey() throws {
        try Self.withHosts { place in
            try FileSystem.write(
                Array("\(place.server.address) \(TestKeys.another())\n".utf8),
                to: place.file + ".keys")
            let status = try place.call(["hosts", "status", place.file])
            #expect(status.status == .exited(code: 2))
            #expect(status.errorText.contains("key"))
            #expect(status.outputText == "")
        }
    }
}

extension TestKeys {
    /// A key that no server of the test has.
    fileprivate static func another() throws -> String {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "host-key")
        defer { try? FileSystem.removeTree(folder) }
        let path = Path.join(folder, "key")
        try make(path)
        return "\(try publicKey(path))"
    }
}
