import LeaseKernel
import Switch
import SystemCalls
import Testbed
import Testing

enum Namespaces {
    /// Whether this machine lets this process make them.
    static let arePossible = (try? NamespaceAccess.ensure()) != nil
}

/// The machines of a cluster without daemons on them.
@Suite(
    "The network between the machines of a cluster",
    .enabled(if: Namespaces.arePossible, "this machine makes no network namespaces for us"))
struct PacketNetworkTests {
    static let one = NetworkParty.replica(ReplicaID(1))
    static let two = NetworkParty.replica(ReplicaID(2))
    static let there = PacketNetwork.Direction(from: one, to: two)
    static let back = PacketNetwork.Direction(from: two, to: one)
    static let long = Duration.seconds(3600)
    static let patience = Duration.seconds(20)

    private func withNetwork(_ body: (PacketNetwork) throws -> Void) throws {
        let network = try NamespaceNetwork(seed: 1)
        defer { network.end() }
        try body(network.packets)
    }

    private func expectArrival(
        _ direction: PacketNetwork.Direction, on packets: PacketNetwork
    ) throws {
        let took = try packets.probe(direction, within: Self.patience)
        #expect(took != nil, "nothing arrives from \(direction)")
    }

    private func expectSilence(
        _ direction: PacketNetwork.Direction, on packets: PacketNetwork
    ) throws {
        let took = try packets.probe(direction, within: .milliseconds(20))
        #expect(took == nil, "something arrived from \(direction)")
    }

    @Test("everybody reaches everybody, in all twelve directions")
    func directions() throws {
        try withNetwork { packets in
            #expect(packets.directions.count == 12)
            for direction in packets.directions {
                try expectArrival(direction, on: packets)
            }
        }
    }

    @Test("a cut stops its direction, spares the way back, and counts what it stopped")
    func cut() throws {
        try withNetwork { packets in
            let cut = packets.disturb([Self.there], [.cut], lease: Self.long)
            for _ in 0..<5 {
                try expectSilence(Self.there, on: packets)
                try expectArrival(Self.back, on: packets)
            }
            let status = try #require(packets.status(of: cut, Self.there))
            #expect(status.life == .standing && status.counts.dropped == 5)
            #expect(packets.status(of: cut, Self.back) == nil)
            packets.lift(cut)
            #expect(packets.status(of: cut, Self.there)?.life == .removed)
            try expectArrival(Self.there, on: packets)
        }
    }

    @Test("a delayed packet arrives not before its time")
    func delay() throws {
        try withNetwork { packets in
            _ = packets.disturb(
                [Self.there], [.delay(by: .milliseconds(40), jitter: .milliseconds(5))],
                lease: Self.long)
            let took = try #require(try packets.probe(Self.there, within: Self.patience))
            #expect(took >= .milliseconds(40))
        }
    }

    @Test("a disturbance whose lease ran out is over, and nobody is disturbed by it")
    func lease() throws {
        try withNetwork { packets in
            let cut = packets.disturb([Self.there], [.cut], lease: .milliseconds(30))
            let deadline = Deadline.after(Self.patience)
            while packets.isDisturbed(Self.there, besides: nil), !deadline.isPassed {
                sleepThread(for: .milliseconds(1))
            }
            #expect(packets.status(of: cut, Self.there)?.life == .expired)
            try expectArrival(Self.there, on: packets)
        }
    }

    @Test("a direction knows of other disturbances than one's own")
    func others() throws {
        try withNetwork { packets in
            let first = packets.disturb([Self.there], [.cut], lease: Self.long)
            #expect(!packets.isDisturbed(Self.there, besides: first))
            let second = packets.disturb([Self.there], [.cut], lease: Self.long)
            #expect(packets.isDisturbed(Self.there, besides: first))
            #expect(!packets.isDisturbed(Self.back, besides: nil))
            packets.lift(second)
            #expect(!packets.isDisturbed(Self.there, besides: first))
        }
    }

    @Test("two networks at the same time have the same addresses and never meet")
    func twoNetworks() throws {
        try withNetwork { first in
            try withNetwork { second in
                _ = first.disturb(first.directions, [.cut], lease: Self.long)
                try expectSilence(Self.there, on: first)
                try expectArrival(Self.there, on: second)
            }
        }
    }

    @Test("nothing of the host's network changes")
    func host() throws {
        let before = try FileSystem.list("/sys/class/net").sorted()
        try withNetwork { _ in
            let during = try FileSystem.list("/sys/class/net").sorted()
            #expect(during == before)
        }
    }
}
