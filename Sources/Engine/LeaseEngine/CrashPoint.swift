/// Where a simulated node can stop (replica.md 14.2). The raw value is its stable number.
public enum CrashPoint: UInt8, CaseIterable, Hashable, Sendable {
    case clientBeforeWALAppend = 1
    case clientAfterWALSync
    case clientAfterApply
    case internalBeforeWALAppend
    case internalAfterWALSync
    case internalAfterApply
    case checkpointAfterSnapshotWrite
    case checkpointAfterWALRewrite
    case recoveryAfterSnapshotLoad
    case recoveryAfterWALTruncate
    case recoveryAfterReplayFrame

    /// The name in published scenarios.
    public var name: String {
        switch self {
        case .clientBeforeWALAppend: "ClientBeforeWalAppend"
        case .clientAfterWALSync: "ClientAfterWalSync"
        case .clientAfterApply: "ClientAfterApply"
        case .internalBeforeWALAppend: "InternalBeforeWalAppend"
        case .internalAfterWALSync: "InternalAfterWalSync"
        case .internalAfterApply: "InternalAfterApply"
        case .checkpointAfterSnapshotWrite: "CheckpointAfterSnapshotWrite"
        case .checkpointAfterWALRewrite: "CheckpointAfterWalRewrite"
        case .recoveryAfterSnapshotLoad: "RecoveryAfterSnapshotLoad"
        case .recoveryAfterWALTruncate: "RecoveryAfterWalTruncate"
        case .recoveryAfterReplayFrame: "RecoveryAfterReplayFrame"
        }
    }
}

/// Asked at every crash point an engine passes: true stops the engine there. Only simulations
/// hand one in.
public typealias CrashSwitch = (CrashPoint) -> Bool

/// One crash, chosen by a seed from a set of points (replica.md 14.2).
public struct CrashPlan: Hashable, Sendable {
    public let point: CrashPoint
    /// For `recoveryAfterReplayFrame`: after how many replayed frames, from 1.
    public let replayOrdinal: UInt64

    /// Nil when no point is enabled. `replayableFrames` is how many frames a recovery would
    /// replay.
    public init?(seed: UInt64, enabled: [CrashPoint], replayableFrames: Int) {
        let points = Set(enabled).sorted { $0.rawValue < $1.rawValue }
        guard !points.isEmpty else { return nil }
        point = points[Int(SeededChoice.mix(seed) % UInt64(points.count))]
        replayOrdinal = Self.replayOrdinal(seed: seed, replayableFrames: replayableFrames)
    }

    /// 1 when there is nothing to replay.
    public static func replayOrdinal(seed: UInt64, replayableFrames: Int) -> UInt64 {
        guard replayableFrames > 0 else { return 1 }
        let mixed = SeededChoice.mix(seed ^ 0xa5a5_a5a5_a5a5_a5a5)
        return 1 + mixed % UInt64(replayableFrames)
    }

    /// A switch that fires once, at the planned place.
    public func makeSwitch() -> CrashSwitch {
        var hasFired = false
        var replayed: UInt64 = 0
        return { reached in
            guard !hasFired, reached == point else { return false }
            if reached == .recoveryAfterReplayFrame {
                replayed += 1
                guard replayed == replayOrdinal else { return false }
            }
            hasFired = true
            return true
        }
    }
}
