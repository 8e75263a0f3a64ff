import LeaseKernel
import Switch
import Synchronization
import SystemCalls
import Testbed

/// What a fault by packet does: which directions it disturbs, and how.
struct PacketPlan {
    var disturbed: Set<PacketNetwork.Direction>
    var effects: [LinkEffect]
    /// Directions that the fault promises to leave alone; each is seen to work.
    var spared: Set<PacketNetwork.Direction>

    /// Everything between the two groups, in both directions.
    static func between(
        _ some: [NetworkParty], _ others: [NetworkParty]
    ) -> Set<PacketNetwork.Direction> {
        Set(
            some.flatMap { one in
                others.filter { $0 != one }.flatMap { other in
                    [
                        PacketNetwork.Direction(from: one, to: other),
                        PacketNetwork.Direction(from: other, to: one),
                    ]
                }
            })
    }
}

/// A fault by packet: rules on the switch between the machines, one for each direction.
///
/// It is seen to be active by datagrams of our own: the counters of each rule must say that it
/// caught some, and over what the fault spares they must arrive. It is seen to be gone when the
/// rules are, and datagrams arrive everywhere again.
final class PacketFault: Fault {
    private enum Progress {
        case nothingDone
        case standing(PacketNetwork.Disturbance)
        case lifted(PacketNetwork.Disturbance)
    }

    let scene: FaultScene
    private let plan: PacketPlan
    private let progress = Mutex(Progress.nothingDone)

    init(scene: FaultScene, plan: PacketPlan) {
        self.scene = scene
        self.plan = plan
    }

    func inject() throws(FaultFailure) {
        let packets = try network()
        let disturbance = packets.disturb(plan.disturbed, plan.effects, lease: scene.lease)
        progress.withLock { $0 = .standing(disturbance) }
    }

    func verifyActive() throws(FaultFailure) {
        guard case .standing(let disturbance) = progress.withLock({ $0 }) else {
            throw .notActive("no rule was set")
        }
        let packets = try network()
        for direction in plan.disturbed.sorted(by: Self.order)
        where !packets.isDisturbed(direction, besides: disturbance) {
            try seeTouched(direction, by: disturbance, packets)
        }
        for direction in plan.spared.sorted(by: Self.order)
        where !packets.isDisturbed(direction, besides: disturbance) {
            guard try arrives(direction, packets) else {
                throw .notActive("nothing arrives from \(direction), which is to be spared")
            }
        }
    }

    func undo() throws(FaultFailure) {
        guard case .standing(let disturbance) = progress.withLock({ $0 }) else { return }
        let packets = try network()
        let hasExpired = disturbance.directions.contains {
            packets.status(of: disturbance, $0)?.life == .expired
        }
        packets.lift(disturbance)
        progress.withLock { $0 = .lifted(disturbance) }
        if hasExpired { scene.observer.note("the lease of a rule ran out before it was lifted") }
        for direction in disturbance.directions.sorted(by: Self.order) {
            guard let counts = packets.status(of: disturbance, direction)?.counts else { continue }
            scene.observer.note("packets from \(direction): \(Self.words(counts))")
        }
    }

    func verifyGone() throws(FaultFailure) {
        guard case .lifted(let disturbance) = progress.withLock({ $0 }) else { return }
        let packets = try network()
        for direction in disturbance.directions.sorted(by: Self.order) {
            if packets.status(of: disturbance, direction)?.life == .standing {
                throw .notGone("the rule from \(direction) still stands on the switch")
            }
            if packets.isDisturbed(direction, besides: nil) { continue }
            guard try arrives(direction, packets) else {
                throw .notGone("nothing arrives from \(direction)")
            }
        }
    }

    // MARK: - Looking

    private func network() throws(FaultFailure) -> PacketNetwork {
        guard let packets = scene.testbed.packets else {
            throw .notApplicable("this testbed has no switch between its machines")
        }
        return packets
    }

    private var isCut: Bool { plan.effects.contains(.cut) }

    /// Sends probes until the rule of that direction has caught one more frame than before; nothing passes a cut.
    private func seeTouched(
        _ direction: PacketNetwork.Direction, by disturbance: PacketNetwork.Disturbance,
        _ packets: PacketNetwork
    ) throws(FaultFailure) {
        let deadline = Deadline.after(FaultScene.sightLimit)
        let before = packets.status(of: disturbance, direction)?.counts.touched ?? 0
        while !deadline.isPassed {
            // Many and large, so that also small shares and high rates meet some of them.
            for _ in 0..<20 {
                _ = try probe(
                    direction, packets, byteCount: PacketNetwork.probeByteLimit, within: .zero)
            }
            let took = try probe(direction, packets, byteCount: 8, within: .milliseconds(5))
            if isCut, took != nil {
                throw .notActive("a datagram arrived from \(direction), which is cut")
            }
            let touched = packets.status(of: disturbance, direction)?.counts.touched ?? 0
            if touched > before { return }
        }
        throw .notActive("no frame from \(direction) was touched")
    }

    private func arrives(
        _ direction: PacketNetwork.Direction, _ packets: PacketNetwork
    ) throws(FaultFailure) -> Bool {
        let deadline = Deadline.after(FaultScene.sightLimit)
        while !deadline.isPassed {
            if try probe(direction, packets, byteCount: 8, within: .milliseconds(200)) != nil {
                return true
            }
        }
        return false
    }

    private func probe(
        _ direction: PacketNetwork.Direction, _ packets: PacketNetwork, byteCount: Int,
        within limit: Duration
    ) throws(FaultFailure) -> Duration? {
        do throws(TestbedError) {
            return try packets.probe(direction, byteCount: byteCount, within: limit)
        } catch {
            throw .testbed(error)
        }
    }

    private static func order(
        _ left: PacketNetwork.Direction, _ right: PacketNetwork.Direction
    ) -> Bool {
        left.description < right.description
    }

    /// What the rule did, for the record.
    static func words(_ counts: RuleCounts) -> String {
        var parts = ["\(counts.touched) of \(counts.seen) frames touched"]
        let details: [(String, UInt64)] = [
            ("dropped", counts.dropped), ("delayed", counts.delayed),
            ("reordered", counts.reordered), ("duplicated", counts.duplicated),
            ("corrupted", counts.corrupted),
        ]
        parts += details.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }
        return parts.joined(separator: ", ")
    }
}
