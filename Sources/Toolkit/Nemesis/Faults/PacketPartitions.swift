import LeaseKernel
import Switch
import Testbed

/// Faults that cut directions of the network between replicas, and between them and the clients.
extension FaultDescription {
    static let partitions: [FaultDescription] = [
        splitHalves, partitionedPrimary, isolateOne, majorityRing, bridge, oneWay,
    ]

    static let splitHalves = partition(
        "split-halves",
        "The network between the target and the other replicas is cut; clients reach both sides, "
            + "also a primary that does not know yet that it lost its majority.",
        targets: [.primary, .backup, .otherBackup, .majority]
    ) { scene in
        cutting(PacketPlan.between(parties(scene.replicas), parties(others(scene))), in: scene)
    }

    static let isolateOne = partition(
        "isolate-one", "The target is cut off from everybody, the clients too.",
        targets: [.primary, .backup, .otherBackup, .minority]
    ) { scene in
        cutting(
            PacketPlan.between(parties(scene.replicas), parties(others(scene)) + [.clients]),
            in: scene)
    }

    static let majorityRing = partition(
        "majority-ring",
        "Every replica hears one other and is heard by one other: each sees a majority, and no "
            + "two see the same.",
        targets: [.all]
    ) { scene in
        let ring = parties(scene.roles.all)
        return cutting(
            Set(
                ring.indices.map { index in
                    PacketNetwork.Direction(
                        from: ring[index], to: ring[(index + 1) % ring.count])
                }), in: scene)
    }

    static let bridge = partition(
        "bridge", "The two other replicas do not reach each other; the target reaches both.",
        targets: [.primary, .backup, .otherBackup]
    ) { scene in
        let ends = parties(others(scene))
        return cutting(PacketPlan.between(ends, ends), in: scene)
    }

    static let oneWay = partition(
        "one-way",
        "What the target sends to the other replicas is lost, or what they send to it.",
        targets: [.primary, .backup, .otherBackup],
        parameters: [
            FaultParameter(
                "inward", "0 when what the target sends is lost, 1 when what it is sent is",
                allowed: 0...1, usual: 0...1)
        ]
    ) { scene in
        let isInward = scene.parameter("inward") == 1
        return cutting(
            Set(
                parties(scene.replicas).flatMap { target in
                    parties(others(scene)).map { other in
                        isInward
                            ? PacketNetwork.Direction(from: other, to: target)
                            : PacketNetwork.Direction(from: target, to: other)
                    }
                }), in: scene)
    }

    // MARK: - Making them

    private static func partition(
        _ name: String, _ summary: String, targets: [FaultTarget],
        parameters: [FaultParameter] = [], plan: @escaping @Sendable (FaultScene) -> PacketPlan
    ) -> FaultDescription {
        FaultDescription(
            name, summary, needs: [.packets], targets: targets, parameters: parameters,
            usualHold: 1000...6000,
            proof: Proof(
                active: "datagrams sent over each cut direction are counted as dropped and do "
                    + "not arrive; over each other direction one arrives",
                gone: "the rule is gone from the switch, and over each direction that was cut a "
                    + "datagram arrives",
                undo: "the rule is lifted", expiry: ruleExpiry)
        ) { PacketFault(scene: $0, plan: plan($0)) }
    }

    static let ruleExpiry =
        "the rule's lease runs out on the switch; when the tool dies the network goes with it"

    static func parties(_ replicas: [ReplicaID]) -> [NetworkParty] {
        replicas.map { .replica($0) }
    }

    static func others(_ scene: FaultScene) -> [ReplicaID] {
        scene.roles.all.filter { !scene.replicas.contains($0) }
    }

    private static func cutting(
        _ directions: Set<PacketNetwork.Direction>, in scene: FaultScene
    ) -> PacketPlan {
        let everybody = parties(scene.roles.all) + [.clients]
        return PacketPlan(
            disturbed: directions, effects: [.cut],
            spared: PacketPlan.between(everybody, everybody).subtracting(directions))
    }
}
