import ClusterProtocol
import LeaseKernel
import SystemCalls
import TestSupport
import Testing

@testable import Testbed

@Suite(.serialized) struct ResidueTests {
    /// A process that looks like a daemon of the workspace: its command line names the layout.
    static func pretendDaemon(of workspace: String) throws -> ChildProcess {
        try ChildProcess(
            executable: "/bin/sh",
            arguments: [
                "-c", "sleep 60 & wait", "replica-daemon", "\(workspace)/cluster-layout.txt",
            ])
    }

    static func daemon(_ child: ChildProcess) -> Residue.Daemon {
        Residue.Daemon(
            processID: child.processID,
            startTime: Processes.startTime(of: child.processID) ?? 0)
    }

    @Test("a residue record reads back as it was written")
    func text() {
        let residue = Residue(
            owner: .init(processID: 5, startTime: 6), workspace: "/tmp/x",
            daemons: [.init(processID: 7, startTime: 8)])
        #expect(Residue(text: residue.text) == residue)
        for damaged in ["", "version=1\n", "version=2\nowner=1:1\nworkspace=/x\n", "what"] {
            #expect(Residue(text: damaged) == nil)
        }
    }

    @Test("what a dead tool left is ended and removed, also a daemon it had no time to note")
    func cleans() throws {
        try withTemporaryFolder { folder in
            let registry = ResidueRegistry(folder: Path.join(folder, "registry"))
            let workspace = try FileSystem.resolve(folder) + "/workspace"
            try FileSystem.createFolders(workspace)
            try FileSystem.write(
                Array(workspace.utf8), to: Path.join(workspace, ResidueRegistry.markName))
            let noted = try Self.pretendDaemon(of: workspace)
            let unnoted = try Self.pretendDaemon(of: workspace)
            // A tool that has ended: this number with another start time.
            let owner = Residue.Daemon(processID: Processes.ownID, startTime: 1)
            try registry.write(
                Residue(owner: owner, workspace: workspace, daemons: [Self.daemon(noted)]))
            let report = registry.clean()
            #expect(report.count == 3, "\(report)")
            #expect(try noted.wait(until: .after(.seconds(5))) == .signaled(number: Signals.kill))
            #expect(try unnoted.wait(until: .after(.seconds(5))) == .signaled(number: Signals.kill))
            #expect(!FileSystem.exists(workspace))
            #expect(registry.clean() == [])
        }
    }

    @Test("nothing of a tool that still runs is touched, nor anything without our mark")
    func spares() throws {
        try withTemporaryFolder { folder in
            let registry = ResidueRegistry(folder: Path.join(folder, "registry"))
            let workspace = try FileSystem.resolve(folder) + "/workspace"
            try FileSystem.createFolders(workspace)
            let running = try Self.pretendDaemon(of: workspace)
            defer { _ = try? running.killAndWait() }
            let own = Residue.Daemon(
                processID: Processes.ownID,
                startTime: Processes.startTime(of: Processes.ownID) ?? 0)
            try registry.write(
                Residue(owner: own, workspace: workspace, daemons: [Self.daemon(running)]))
            #expect(registry.clean() == [])
            #expect(try running.poll() == nil)

            // The owner is dead, but the noted number now belongs to another process, which has
            // nothing to do with the workspace; and the folder is not marked.
            let stranger = try ChildProcess(executable: "/bin/sleep", arguments: ["60"])
            defer { _ = try? stranger.killAndWait() }
            _ = try running.killAndWait()
            try registry.write(
                Residue(
                    owner: .init(processID: Processes.ownID, startTime: 1), workspace: workspace,
                    daemons: [Self.daemon(stranger)]))
            #expect(registry.clean() == [])
            #expect(try stranger.poll() == nil)
            #expect(FileSystem.exists(workspace))
        }
    }
}

@Suite struct LocalTestbedTests {
    @Test("a daemon that ends while starting is an error with its status, and leaves nothing")
    func badDaemon() throws {
        try withTemporaryFolder { folder in
            let registry = ResidueRegistry(folder: folder)
            let testbed = try LocalTestbed(.init(binary: "/bin/false", registry: registry))
            #expect(throws: TestbedError.self) { try testbed.start() }
            let exits = testbed.takeUnexpectedExits()
            #expect(!exits.isEmpty)
            #expect(exits.allSatisfy { $0.status == .exited(code: 1) })
            #expect(FileSystem.exists(testbed.workspace))
            testbed.discard()
            #expect(!FileSystem.exists(testbed.workspace))
            #expect(try FileSystem.list(folder) == [])
        }
    }

    @Test("the layout carries the bounds under test and nine different ports")
    func layout() throws {
        try withTemporaryFolder { folder in
            let testbed = try LocalTestbed(
                .init(binary: "/bin/false", registry: ResidueRegistry(folder: folder)))
            defer { testbed.discard() }
            let text = try FileSystem.read(
                Path.join(testbed.workspace, ClusterLayout.fileName), limit: 1 << 16)
            let layout = try ClusterLayout(text: String(decoding: text, as: UTF8.self))
            #expect(layout == testbed.layout)
            #expect(layout.kernel == .underTest)
            #expect(FileSystem.exists(layout.faultsPath))
        }
    }

    @Test("isolation stands in the fault file and goes away again")
    func isolation() throws {
        try withTemporaryFolder { folder in
            let testbed = try LocalTestbed(
                .init(binary: "/bin/false", registry: ResidueRegistry(folder: folder)))
            defer { testbed.discard() }
            func isolated() throws -> [ReplicaID] {
                let bytes = try FileSystem.read(testbed.layout.faultsPath, limit: 1 << 16)
                return try FaultState(text: String(decoding: bytes, as: UTF8.self)).isolated
            }
            try testbed.isolate(ReplicaID(2), lease: .seconds(60))
            #expect(try isolated() == [ReplicaID(2)])
            #expect(testbed.isIsolated(ReplicaID(2)))
            try testbed.heal(ReplicaID(2))
            #expect(try isolated() == [])
            #expect(throws: TestbedError.unknownReplica(ReplicaID(9))) {
                try testbed.isolate(ReplicaID(9), lease: .seconds(60))
            }
        }
    }
}
