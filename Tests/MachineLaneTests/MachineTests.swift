import SystemCalls
import TestSupport
import Testbed
import Testing

/// Whoever boots many machines does it alone: all suites that do are in this one.
@Suite(
    "Machines", .enabled(if: TestLane.isPossible, "the tools that make guests are not here"),
    .serialized)
struct MachineTests {}

extension MachineTests {
    @Suite("The commands for a lane")
    struct TestbedCommandTests {
        private func tool(
            _ words: [String], in workspace: String, and rest: [String] = []
        ) throws -> CapturedRun {
            // Whoever is swept is somebody of this test.
            var environment = Environment.all
            environment["TMPDIR"] = Path.join(workspace, "tmp")
            try FileSystem.createFolders(Path.join(workspace, "tmp"))
            return try CapturedRun(
                try builtExecutable("allocdb-jepsen"),
                ["testbed"] + words + ["--workspace", Path.join(workspace, "lane")] + rest,
                environment: environment, until: .after(.seconds(900)))
        }

        @Test("a lane is prepared, started, asked, reset, stopped, started again and destroyed")
        func life() throws {
            // Names of sockets are short, and so must this folder's be.
            let folder = try FileSystem.makeTemporaryFolder(prefix: "lane")
            defer { try? FileSystem.removeTree(folder) }
            defer { _ = try? tool(["destroy"], in: folder) }
            let daemon = try builtExecutable("allocdb-guest-agent")
            #expect(try tool(["status"], in: folder).status == .exited(code: 2))
            let prepared = try tool(["prepare", "--replica-binary", daemon], in: folder)
            #expect(prepared.status.isSuccess, "\(prepared.errorText)")
            #expect(prepared.outputText.hasPrefix("qemu testbed prepared\nworkspace="))
            #expect(prepared.errorText.contains("accelerator "))
            let none = try tool(["reset"], in: folder)
            #expect(none.status == .exited(code: 2))
            #expect(none.errorText.contains("no lane runs"))

            let started = try tool(["start"], in: folder)
            #expect(started.status.isSuccess, "\(started.errorText)")
            #expect(started.outputText.contains("start=cold\n"))
            try askAround(folder)
            #expect(try tool(["start"], in: folder).errorText.contains("runs"))
            #expect(try tool(["stop"], in: folder).status.isSuccess)
            let status = try tool(["status"], in: folder).outputText
            #expect(status.matches(of: /state=stopped/).count == 4)

            #expect(try tool(["start"], in: folder).outputText.contains("start=warm\n"))
            try sweep(folder)
            #expect(try tool(["destroy"], in: folder).status.isSuccess)
            #expect(try FileSystem.list(Path.join(folder, "lane")).isEmpty)
        }

        private func askAround(_ folder: String) throws {
            let status = try tool(["status"], in: folder).outputText
            #expect(status.matches(of: /state=running/).count == 4)
            let run = try tool(
                ["exec", "--guest", "replica-2"], in: folder,
                and: ["--", "hostname; echo no >&2; echo trace > /run/trace; exit 7"])
            #expect(run.status == .exited(code: 7))
            #expect(run.outputText == "replica-2\n")
            #expect(run.errorText == "no\n")
            let shell = try tool(["ssh", "--guest", "replica-3"], in: folder, and: ["hostname"])
            #expect(shell.outputText == "replica-3\n", "\(shell.errorText)")
            #expect(try tool(["reset"], in: folder).status.isSuccess)
            let trace = try tool(
                ["exec", "--guest", "replica-2"], in: folder, and: ["--", "test -e /run/trace"])
            #expect(trace.status == .exited(code: 1))
            let console = try tool(["logs", "--guest", "replica-2"], in: folder)
            #expect(console.outputText.contains("ALLOCDB-GUEST-READY"))
        }

        /// Kills the keeper, which leaves machines behind, and lets the next command find them.
        private func sweep(_ folder: String) throws {
            let status = try tool(["status"], in: folder).outputText
            let keeper = try #require(
                status.firstMatch(of: /keeper=(\d+)/).flatMap { Int32($0.1) })
            let machines = status.matches(of: /pid=(\d+)/).compactMap { Int32($0.1) }
            #expect(machines.count == 4)
            try Processes.signal(keeper, Signals.kill)
            #expect(try Processes.waitForEnd(of: keeper, until: .after(.seconds(60))))
            #expect(machines.allSatisfy(Processes.isAlive))
            let stopped = try tool(["stop"], in: folder)
            #expect(stopped.status.isSuccess, "\(stopped.errorText)")
            for machine in machines { #expect(!Processes.isAlive(machine)) }
        }
    }
}
