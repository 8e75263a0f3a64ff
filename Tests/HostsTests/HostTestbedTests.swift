import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testbed
import Testing

@testable import Hosts

private let one = ReplicaID(1)
private let two = ReplicaID(2)
private let three = ReplicaID(3)

@Suite("A cluster on machines that exist already", .serialized)
struct HostTestbedTests {
    private func eventually(_ what: String, _ test: () -> Bool) {
        let deadline = Deadline.after(.seconds(60))
        while !test() {
            if deadline.isPassed {
                Issue.record("\(what) did not come about")
                return
            }
            sleepThread(for: .milliseconds(50))
        }
    }

    @Test("it comes up, loses a replica and gets it back, and a kill of ours is no evidence")
    func crash() throws {
        try HostBench.withCluster { testbed in
            #expect(testbed.livePrimary() == one)
            try testbed.crash(two)
            #expect(!testbed.isRunning(two))
            #expect(testbed.probe(two).status == nil)
            try testbed.crash(two)
            try testbed.restart(two)
            #expect(testbed.probe(two).active != nil)
            try testbed.terminate(three)
            #expect(!testbed.isRunning(three))
            try testbed.restart(three)
            try testbed.checkpoint(one)
            #expect(testbed.takeUnexpectedExits() == [])
        }
    }

    @Test("a daemon that ends by itself is evidence, with its status and its last words")
    func unexpected() throws {
        try HostBench.withCluster { testbed in
            let process = try #require(testbed.probe(two).status?.processID)
            try Processes.signal(Int32(process), Signals.kill)
            var exits: [UnexpectedExit] = []
            eventually("the notice") {
                exits += testbed.takeUnexpectedExits()
                return !exits.isEmpty
            }
            #expect(exits.map(\.replica) == [two])
            #expect(exits.first?.status == .signaled(number: Signals.kill))
            #expect(exits.first?.lastLogLines.isEmpty == false)
            #expect(!testbed.isRunning(two))
            // One that died before it was to be killed is evidence as well.
            let other = try #require(testbed.probe(three).status?.processID)
            try Processes.signal(Int32(other), Signals.kill)
            _ = try Processes.waitForEnd(of: Int32(other), until: .after(.seconds(10)))
            try testbed.crash(three)
            #expect(testbed.takeUnexpectedExits().map(\.replica) == [three])
        }
    }

    @Test(
        "a pause and an isolation hold, are undone, and end by themselves when their lease is over")
    func leases() throws {
        try HostBench.withCluster { testbed in
            try testbed.pause(two, lease: .seconds(600))
            #expect(testbed.isPaused(two))
            try testbed.proceed(two)
            #expect(!testbed.isPaused(two))
            try testbed.isolate(three, lease: .seconds(600))
            #expect(testbed.isIsolated(three) && testbed.clientPort(three) == .isolated)
            #expect(testbed.clientPort(one) == .serving)
            try testbed.heal(three)
            #expect(testbed.clientPort(three) == .serving)

            try testbed.pause(two, lease: .seconds(1))
            #expect(testbed.isPaused(two))
            try testbed.isolate(three, lease: .seconds(1))
            eventually("the end of the pause") { !testbed.isPaused(two) }
            eventually("the end of the isolation") { testbed.clientPort(three) == .serving }
        }
    }

    @Test("a machine that hears nothing of its tool undoes everything by itself")
    func silence() throws {
        try HostBench.withMachines(grace: .seconds(2)) { configuration, folder in
            let machine = configuration.machines[0]
            try machine.takeOver(as: "elsewhere:1:1", grace: .seconds(2))
            let layout = ClusterLayout(
                workspaceRoot: machine.folder, addresses: configuration.addresses)
            try machine.install(configuration.binary, layout)
            try machine.startDaemon(try #require(layout.replica(one)))
            guard case .running(let process, _) = try machine.report() else {
                Issue.record("it does not run")
                return
            }
            try machine.pause(lease: .seconds(600))
            eventually("the end of the daemon") { !Processes.isAlive(process) }
            eventually("the machine's word for it") {
                (try? machine.report()) == .ended(.abandoned)
            }
            eventually("the end of all its processes") {
                HostBench.processes(below: folder).isEmpty
            }
            // Whoever comes next finds a free folder.
            #expect(try machine.claim("another:2:2", grace: .seconds(2)) == nil)
            try machine.remove("another:2:2")
        }
    }

    @Test(
        "what a machine did to its daemon is no evidence, and the cluster is not made whole again")
    func abandoned() throws {
        try HostBench.withCluster { testbed in
            try testbed.machine(two).abandon(testbed.token)
            eventually("the notice") {
                #expect(testbed.takeUnexpectedExits() == [])
                return !testbed.isRunning(two)
            }
            #expect {
                try testbed.converge(within: .seconds(60))
            } throws: { error in
                "\(error)".contains("heard nothing of this tool")
            }
        }
    }

    @Test("a folder in use is refused, one of a dead tool of this host is taken over")
    func owners() throws {
        try HostBench.withMachines { configuration, _ in
            let machine = configuration.machines[0]
            try machine.takeOver(as: "elsewhere:1:1", grace: .seconds(600))
            #expect {
                try machine.takeOver(as: HostOwner.own.token, grace: .seconds(600))
            } throws: { error in
                "\(error)".contains("is in use by elsewhere:1:1")
            }
            try machine.abandon("elsewhere:1:1")

            let child = try ChildProcess(executable: "/bin/true", arguments: [])
            let token = HostOwner.own.token.split(separator: ":")
            let dead = "\(token[0]):\(child.processID):1"
            _ = try child.wait(until: .after(.seconds(10)))
            try machine.takeOver(as: dead, grace: .seconds(600))
            try machine.takeOver(as: HostOwner.own.token, grace: .seconds(600))
            // Whoever lost it does not take it away from the next one.
            try machine.remove(dead)
            #expect(try machine.owner() == HostOwner.own.token)
            try machine.remove(HostOwner.own.token)
            #expect(!FileSystem.exists(machine.folder))
        }
    }

    @Test("nothing is left behind but the daemon's program, which is not sent twice")
    func residue() throws {
        try HostBench.withMachines { configuration, folder in
            for _ in 1...2 {
                let testbed = try HostTestbed(configuration)
                try testbed.start()
                #expect(
                    testbed.evidence().map(\.name).sorted().first == "replica-1-cluster-faults.txt")
                testbed.discard()
                #expect(HostBench.processes(below: folder).isEmpty)
                #expect(try FileSystem.list(Path.join(folder, "machines")) == ["programs"])
                let programs = try FileSystem.list(Path.join(folder, "machines/programs"))
                #expect(programs.count == 1)
            }
        }
    }
}
