import Campaign
import History
import Nemesis
import SystemCalls
import TestSupport
import Testbed
import Testing

enum Namespaces {
    /// Whether this machine lets this process make them.
    static let arePossible = (try? NamespaceAccess.ensure()) != nil
}

/// Whole runs on network namespaces, and what is left of them.
@Suite(
    .serialized,
    .enabled(if: Namespaces.arePossible, "this machine makes no network namespaces for us"))
struct NamespaceRunTests {
    @Test(
        "a correct daemon passes under faults by packet, and what they did stands in the record",
        arguments: [
            ["split-halves", "isolate-one", "bridge"],
            ["one-way", "majority-ring", "packet-loss", "packet-corrupt"],
            ["packet-delay", "packet-jitter", "packet-duplicate", "packet-reorder", "rate-limit"],
        ])
    func packetFaults(faults: [String]) throws {
        try withTemporaryFolder { root in
            var options = try RunTests.options(
                "reservation_contention-partition-heal", "allocdb-local-cluster", root: root,
                window: .seconds(8))
            options.testbed = .namespaces
            options.faults = .named(faults)
            let (result, _) = try RunTests.run(options)
            #expect(result.verdict == .passed, "\(RunTests.story(result))")
            #expect(result.faultsInjected > 0)
            let bundle = try #require(result.bundlePath)
            let record = try RunRecord(contentsOf: Path.join(bundle, "history.record"))
            #expect(record.header.testbed == "namespaces")
            let notes = record.events.compactMap { event -> String? in
                if case .note(let text) = event.content { text } else { nil }
            }
            #expect(notes.contains { $0.hasPrefix("packets from") }, "\(notes)")
        }
    }

    @Test("a daemon that answers without a quorum is blocked for what it says behind a cut")
    func broken() throws {
        try withTemporaryFolder { root in
            var options = try RunTests.options(
                "reservation_contention-partition-heal", "BrokenReplica", root: root,
                window: .seconds(6))
            options.testbed = .namespaces
            options.faults = .named(["partitioned-primary"])
            let (result, _) = try RunTests.run(options)
            #expect(result.verdict == .blocked, "\(RunTests.story(result))")
            #expect(result.findings.contains { $0.code == "lost-write" })
        }
    }

    /// The network namespaces of a process's threads and of its children, without our own.
    private static func namespaces(of process: Int32) -> Set<String> {
        var links: Set<String> = []
        for thread in (try? FileSystem.list("/proc/\(process)/task")) ?? [] {
            let path = "/proc/\(process)/task/\(thread)/ns/net"
            if let link = try? FileSystem.readLink(path) { links.insert(link) }
        }
        for child in children(of: process) {
            let path = "/proc/\(child)/ns/net"
            if let link = try? FileSystem.readLink(path) { links.insert(link) }
        }
        if let own = try? FileSystem.readLink("/proc/self/ns/net") { links.remove(own) }
        return links
    }

    private static func children(of process: Int32) -> [Int32] {
        let names = (try? FileSystem.list("/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { other in
            guard let bytes = try? FileSystem.read("/proc/\(other)/stat", limit: 4096) else {
                return false
            }
            // After the name in parentheses: the state, then the parent.
            let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?
                .split(separator: " ")
            return (fields?.count ?? 0) > 1 && fields?[1] == "\(process)"
        }
    }

    /// Whether any process lives in one of the namespaces.
    private static func isInhabited(_ namespaces: Set<String>) -> Bool {
        ((try? FileSystem.list("/proc")) ?? []).contains { name in
            guard let link = try? FileSystem.readLink("/proc/\(name)/ns/net") else { return false }
            return namespaces.contains(link)
        }
    }

    private static func wait(
        upTo limit: Duration = .seconds(60), for condition: () -> Bool
    ) -> Bool {
        let deadline = Deadline.after(limit)
        while !condition() {
            if deadline.isPassed { return false }
            sleepThread(for: .milliseconds(20))
        }
        return true
    }

    @Test("a killed tool leaves no process, no namespace and no interface")
    func killedTool() throws {
        try withTemporaryFolder { root in
            var environment = Environment.all
            environment["TMPDIR"] = root
            let interfaces = try FileSystem.list("/sys/class/net").sorted()
            let output = Path.join(root, "artifacts")
            let tool = try ChildProcess(
                executable: try builtExecutable("allocdb-jepsen"),
                arguments: [
                    "run", "reservation_contention-control", "--testbed", "namespaces",
                    "--fault-window", "60", "--output-root", output, "--quiet",
                ], environment: environment)
            let isWorking = Self.wait {
                RunTests.record(below: output) != nil
                    && Self.namespaces(of: tool.processID).count == 4
            }
            #expect(isWorking)
            #expect(try FileSystem.list("/sys/class/net").sorted() == interfaces)
            let namespaces = Self.namespaces(of: tool.processID)
            let daemons = Self.children(of: tool.processID)
            #expect(daemons.count >= 3)
            // The tool alone: nobody ends the daemons but the system.
            try tool.signal(Signals.kill)
            let status = try tool.wait(until: .after(.seconds(60)))
            #expect(status == .signaled(number: Signals.kill))
            #expect(Self.wait { !daemons.contains { Processes.isAlive($0) } })
            #expect(Self.wait { !Self.isInhabited(namespaces) })
            #expect(try FileSystem.list("/sys/class/net").sorted() == interfaces)

            let registry = ResidueRegistry(folder: Path.join(root, "allocdb-jepsen-residue"))
            let report = registry.clean()
            #expect(report.count { $0.hasPrefix("removed workspace") } == 1, "\(report)")
            #expect(!report.contains { $0.hasPrefix("could not") }, "\(report)")
            #expect(try FileSystem.list(root).sorted() == ["allocdb-jepsen-residue", "artifacts"])
        }
    }

    /// The tool with a short control run, started by another program.
    private func run(through words: [String], root: String) throws -> CapturedRun {
        try CapturedRun(
            words[0],
            Array(words.dropFirst()) + [
                try builtExecutable("allocdb-jepsen"), "run", "reservation_contention-control",
                "--testbed", "namespaces", "--fault-window", "2", "--output-root", root,
                "--quiet",
            ], until: .after(.seconds(240)))
    }

    @Test("without privileges a run takes them in a user namespace of its own")
    func unprivileged() throws {
        try withTemporaryFolder { root in
            let words = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
            let result = try run(through: words, root: root)
            #expect(
                result.status == .exited(code: 0), "\(result.outputText) \(result.errorText)")
        }
    }

    @Test("where namespaces are forbidden the run is refused, with the reason, before it begins")
    func refused() throws {
        try withTemporaryFolder { root in
            let script = "echo 0 >/proc/sys/user/max_net_namespaces && exec \"$@\""
            let result = try run(through: ["unshare", "-r", "sh", "-c", script, "sh"], root: root)
            #expect(result.status == .exited(code: 254), "\(result.errorText)")
            #expect(result.errorText.contains("testbed namespaces is not possible here"))
            #expect(result.errorText.contains("/dev/net/tun"))
            #expect(try FileSystem.list(root) == [])
        }
    }
}
