import Switch
import Testbed

/// Faults that let packets through late, damaged, twice, or not all of them: on everything that
/// the target sends or is sent, by replicas and by clients.
extension FaultDescription {
    static let disturbances: [FaultDescription] = [
        packetDelay, packetJitter, packetLoss, packetDuplicate, packetReorder, packetCorrupt,
        rateLimit,
    ]

    static let packetDelay = disturbance(
        "packet-delay", "Every packet arrives later.",
        parameters: [.delay]
    ) { scene in
        [.delay(by: .milliseconds(scene.parameter("delay_millis")), jitter: .zero)]
    }

    static let packetJitter = disturbance(
        "packet-jitter", "Every packet arrives later, each by another time, in order.",
        parameters: [
            .delay,
            FaultParameter(
                "jitter_millis", "by how much the delays differ", allowed: 1...10_000,
                usual: 5...100),
        ]
    ) { scene in
        [
            .delay(
                by: .milliseconds(scene.parameter("delay_millis")),
                jitter: .milliseconds(scene.parameter("jitter_millis")))
        ]
    }

    static let packetLoss = disturbance(
        "packet-loss", "A share of the packets is lost.", parameters: [.share(usual: 2...40)]
    ) { [.lose(share: share($0))] }

    static let packetDuplicate = disturbance(
        "packet-duplicate", "A share of the packets arrives twice.",
        parameters: [.share(usual: 5...100)]
    ) { [.duplicate(share: share($0))] }

    static let packetReorder = disturbance(
        "packet-reorder", "A share of the packets is held back and overtaken by others.",
        parameters: [
            .share(usual: 5...50),
            FaultParameter(
                "hold_millis", "how long such a packet is held back", allowed: 1...10_000,
                usual: 1...50),
        ]
    ) { scene in
        [.reorder(share: share(scene), by: .milliseconds(scene.parameter("hold_millis")))]
    }

    static let packetCorrupt = disturbance(
        "packet-corrupt",
        "In a share of the packets one bit is flipped, which the receiver's checksums notice.",
        parameters: [.share(usual: 2...30)]
    ) { [.corrupt(share: share($0))] }

    static let rateLimit = disturbance(
        "rate-limit",
        "So many bytes per second pass in each direction; what would wait half a second is lost.",
        parameters: [
            FaultParameter(
                "kilobytes_per_second", "the rate", allowed: 1...1000, usual: 20...200)
        ]
    ) { scene in
        [
            .limit(
                bytesPerSecond: scene.parameter("kilobytes_per_second") * 1000,
                patience: .milliseconds(500))
        ]
    }

    // MARK: - Making them

    private static func share(_ scene: FaultScene) -> Double {
        Double(scene.parameter("percent")) / 100
    }

    private static func disturbance(
        _ name: String, _ summary: String, parameters: [FaultParameter],
        effects: @escaping @Sendable (FaultScene) -> [LinkEffect]
    ) -> FaultDescription {
        FaultDescription(
            name, summary, needs: [.packets], targets: [.primary, .backup, .backups, .all],
            parameters: parameters, usualHold: 1000...6000,
            proof: Proof(
                active: "of datagrams sent over each disturbed direction the rule touches some",
                gone: "the rule is gone from the switch, and over each direction a datagram "
                    + "arrives",
                undo: "the rule is lifted", expiry: ruleExpiry)
        ) { scene in
            let targets = parties(scene.replicas)
            let disturbed = PacketPlan.between(
                targets, parties(scene.roles.all) + [.clients])
            return PacketFault(
                scene: scene,
                plan: PacketPlan(disturbed: disturbed, effects: effects(scene), spared: []))
        }
    }
}

extension FaultParameter {
    fileprivate static let delay = FaultParameter(
        "delay_millis", "by how much every packet is late", allowed: 1...10_000, usual: 1...150)

    fileprivate static func share(usual: ClosedRange<UInt64>) -> FaultParameter {
        FaultParameter("percent", "the share of the packets", allowed: 1...100, usual: usual)
    }
}
