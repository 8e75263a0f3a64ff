import LeaseKernel
import Machines
import Switch
import SystemCalls
import TestSupport
import Testbed
import Testing

enum TestLane {
    static let isPossible =
        Shell.has("qemu-system-x86_64") && Shell.has("qemu-img") && Shell.has("apt-get")
        && Shell.has("ssh-keygen")

    static func configuration(_ workspace: String) throws -> MachineLane.Configuration {
        let store = GuestImageStore.standard
        let image = try store.image(of: .init(agent: try builtExecutable("allocdb-guest-agent")))
        return .init(
            workspace: workspace, image: image,
            accelerator: try AcceleratorChoice.make(for: image, in: store).accelerator,
            registry: ResidueRegistry(folder: Path.join(workspace, "residue")))
    }
}

extension MachineTests {
    @Suite("A lane of four machines")
    struct MachineLaneTests {
        static let one = LaneMember.replica(ReplicaID(1))
        static let two = LaneMember.replica(ReplicaID(2))

        @Test("it starts, is disturbed, is put back, and starts again where it began")
        func life() throws {
            try withTemporaryFolder { folder in
                let configuration = try TestLane.configuration(folder)
                try cold(configuration)
                let lane = try MachineLane(configuration)
                defer { lane.end() }
                #expect(try lane.start() == .warm)
                try network(lane)
                try putBack(lane)
                let processes = try LaneMember.allCases.map {
                    try #require(try lane.guest($0).processID)
                }
                lane.end()
                for process in processes { #expect(!Processes.isAlive(process)) }
                #expect(!FileSystem.exists(lane.socketFolder))
                #expect(try FileSystem.list(configuration.registry.folder).isEmpty)
            }
        }

        private func cold(_ configuration: MachineLane.Configuration) throws {
            let lane = try MachineLane(configuration)
            defer { lane.end() }
            #expect(throws: LaneError.self) { try lane.reset() }
            #expect(try lane.start() == .cold)
            try network(lane)
            try powerCycle(lane)
            for _ in 0..<2 { try putBack(lane) }
            // One that is off when it is put back is on afterwards.
            try lane.guest(Self.two).cutPower()
            try putBack(lane)
        }

        private func pings(
            _ lane: MachineLane, _ from: LaneMember, _ to: String
        ) throws -> Bool {
            try lane.guest(from).channel().run("ping -c 3 -W 10 -A \(to)").status.isSuccess
        }

        /// Everybody hears everybody, until a rule of the switch says otherwise.
        private func network(_ lane: MachineLane) throws {
            #expect(try pings(lane, Self.one, "10.77.0.2"))
            #expect(try pings(lane, Self.two, "10.77.0.1"))
            #expect(try pings(lane, .control, "10.77.0.3"))
            let from = try #require(lane.cable(of: Self.one))
            let to = try #require(lane.cable(of: Self.two))
            let rules = lane.ethernet.change(adding: [
                SwitchRule([LinkPattern(from: from, to: to)], [.cut], lease: .seconds(3600))
            ])
            let cut = try lane.guest(Self.one).channel().run("ping -c 1 -W 1 10.77.0.2")
            #expect(!cut.status.isSuccess)
            #expect((lane.ethernet.status(of: rules[0])?.counts.dropped ?? 0) > 0)
            // The line past the network is there all the while.
            #expect(try lane.guest(Self.two).channel().run("true").status.isSuccess)
            lane.ethernet.change(adding: [], removing: rules)
            #expect(try pings(lane, Self.one, "10.77.0.2"))
        }

        private func powerCycle(_ lane: MachineLane) throws {
            let guest = try lane.guest(Self.one)
            _ = try guest.channel().run(
                "echo word > /var/lib/allocdb/word; sync; echo x > /run/x")
            try guest.cutPower()
            let off = try lane.guest(.control).channel().run("ping -c 1 -W 1 10.77.0.1")
            #expect(!off.status.isSuccess)
            try lane.powerOn(Self.one)
            let words = try guest.channel().run("cat /var/lib/allocdb/word /run/x")
            #expect(words.outputText == "word\n")
            #expect(try pings(lane, .control, "10.77.0.1"))
        }

        /// Leaves traces everywhere, freezes a machine, and puts all back.
        private func putBack(_ lane: MachineLane) throws {
            for member in LaneMember.allCases where try lane.guest(member).isOn {
                _ = try lane.guest(member).channel().run(
                    "echo trace > /var/lib/allocdb/trace; echo trace > /run/trace; sync")
            }
            try lane.guest(Self.one).freeze()
            try lane.reset()
            var said: Set<[UInt8]> = []
            for member in LaneMember.allCases {
                let channel = try lane.guest(member).channel()
                let trace = try channel.run("cat /var/lib/allocdb/trace || cat /run/trace")
                #expect(!trace.status.isSuccess)
                let (offset, uncertainty) = try channel.clockOffset()
                #expect(offset < .milliseconds(500) + uncertainty)
                #expect(offset > .milliseconds(-500) - uncertainty)
                said.insert(try channel.random())
            }
            #expect(said.count == LaneMember.allCases.count)
            #expect(try pings(lane, Self.one, "10.77.0.2"))
        }
    }
}
