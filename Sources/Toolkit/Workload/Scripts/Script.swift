public import Matrix

/// One of the reference's scenarios as data: the steps that a single sequential client and an
/// operator go through, again and again with new ids (validation.md 10).
///
/// Numbers of resources and operations are offsets from the base id of an iteration, slots are
/// offsets from its base slot, holders are literal.
public struct Script: Sendable, Hashable {
    public let steps: [ScriptStep]

    init(_ steps: [ScriptStep]) {
        self.steps = steps
    }

    /// The scenario of a pair; nil where the specification defines none.
    public static func of(_ workload: WorkloadFamily, _ nemesis: NemesisFamily) -> Script? {
        switch nemesis {
        case .none: control(workload)
        case .crashRestart: crashRestart(workload)
        case .partitionHeal: partitionHeal(workload)
        case .mixedFailover: mixedFailover(workload)
        }
    }

    /// Resources that an iteration makes; none is ever removed.
    public var resourceCount: Int {
        steps.count { step in
            if case .create = step { true } else { false }
        }
    }
}

/// One thing that the client or the operator of a script does.
public enum ScriptStep: Sendable, Hashable {
    /// Must be committed with result ok.
    case create(UInt64, operation: UInt64)
    case submit(ScriptCommand, ScriptExpectation)
    case tick(slot: UInt64, ScriptExpectation)
    /// Ticks until the resource is free, and reads it (validation.md 8.6).
    case drain(UInt64, slot: UInt64)
    /// Reads the lease that was granted first, with the last LSN that a step had to reach.
    case readLease(slot: UInt64, at: ScriptEndpoint, ScriptExpectation)
    case crash(ScriptReplica)
    case isolate(ScriptReplica)
    case heal(ScriptReplica)
    /// The target follows the primary (validation.md 11.2).
    case failOver
    /// The old primary comes back under the new one (validation.md 11.3).
    case rejoin
}

/// Who is who when an iteration begins.
public enum ScriptReplica: String, Sendable, Hashable, CaseIterable {
    case primary
    /// The first backup, which a failover makes the primary.
    case target
    /// The other backup.
    case support
}

/// Whom a read of a script asks.
public enum ScriptEndpoint: Sendable, Hashable {
    /// The primary at that moment: the target after a failover.
    case primary
    case replica(ScriptReplica)
}

/// A write with its operation id and slot.
public struct ScriptCommand: Sendable, Hashable {
    public enum Action: Sendable, Hashable {
        case reserve(UInt64, holder: UInt64, ttl: UInt64)
        case reserveBundle([UInt64], holder: UInt64, ttl: UInt64)
        /// These are about the lease that was granted first in the iteration, and its epoch then.
        case confirm(holder: UInt64)
        case release(holder: UInt64)
        case revoke
        case reclaim
    }

    public let action: Action
    public let operation: UInt64
    public let slot: UInt64

    init(_ action: Action, operation: UInt64, slot: UInt64) {
        self.action = action
        self.operation = operation
        self.slot = slot
    }
}

/// What a script says of a step's outcome. Only `mustCommit` decides whether the script goes on;
/// the others are for comparison, and what they mean is the judge's to say.
public enum ScriptExpectation: String, Sendable, Hashable {
    case mustCommit
    case committed
    case busy
    case ambiguous
    case staleEpoch
    case notPrimary
    /// A read that is answered.
    case answered
}
