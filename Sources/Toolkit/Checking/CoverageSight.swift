/// Something that a record can show beside broken promises: that what a workload exists for has
/// happened in it. A run that passes without has proved nothing about that.
public enum CoverageSight: String, Sendable, Hashable, CaseIterable {
    case busyRefusal = "busy-refusal"
    case rememberedAnswer = "remembered-answer"
    case conflictRefusal = "conflict-refusal"
    case resolvedAmbiguity = "resolved-ambiguity"
    case ambiguityUnderFault = "ambiguity-under-fault"
    case fencedRead = "fenced-read"
    case plainRead = "plain-read"
    case refusedRead = "refused-read"
    case fencedReadAfterFault = "fenced-read-after-fault"
    case expiry = "expiry"
    case lateConfirm = "late-confirm"
    case grantAfterDeadline = "grant-after-deadline"
    case wideGrant = "wide-grant"
    case wideRefusal = "wide-refusal"
    case revoke = "revoke"
    case reclaim = "reclaim"
    case staleHolderRefusal = "stale-holder-refusal"

    /// What was to be seen, as a person says it.
    public var words: String {
        switch self {
        case .busyRefusal: "a reserve refused because somebody else held the resource"
        case .rememberedAnswer: "a repeated command answered from the cluster's memory"
        case .conflictRefusal: "a second command under a used operation id, refused"
        case .resolvedAmbiguity: "a command of unknown outcome that a repetition resolved"
        case .ambiguityUnderFault: "a command whose outcome became unknown during a fault"
        case .fencedRead: "a read answered at a required LSN"
        case .plainRead: "a read answered without a required LSN"
        case .refusedRead: "a read refused by a replica that is not the primary"
        case .fencedReadAfterFault: "a read answered at a required LSN after a fault"
        case .expiry: "a tick that expired a lease"
        case .lateConfirm: "a confirm refused because its lease had ended"
        case .grantAfterDeadline: "a resource granted again after its lease's deadline"
        case .wideGrant: "a bundle of two or more granted"
        case .wideRefusal: "a bundle of two or more refused because a member was held"
        case .revoke: "a lease revoked"
        case .reclaim: "a revoked lease reclaimed"
        case .staleHolderRefusal: "a confirm or release refused for its epoch"
        }
    }
}

/// What the record of a workload must show before it can pass.
public struct CoverageDemands: Sendable, Hashable {
    public let always: [CoverageSight]
    /// Only in a record with faults.
    public let underFaults: [CoverageSight]

    /// By the name of the workload in the record's header. Other records, and scripted ones,
    /// owe nothing beyond a write and a read.
    public static func of(workload name: String) -> CoverageDemands? {
        switch name {
        case "reservation_contention":
            CoverageDemands(
                always: [.busyRefusal, .rememberedAnswer, .conflictRefusal], underFaults: [])
        case "ambiguous_write_retry":
            CoverageDemands(
                always: [.resolvedAmbiguity, .rememberedAnswer],
                underFaults: [.ambiguityUnderFault])
        case "failover_read_fences":
            CoverageDemands(
                always: [.fencedRead, .plainRead, .refusedRead],
                underFaults: [.fencedReadAfterFault])
        case "expiration_and_recovery":
            CoverageDemands(
                always: [.expiry, .lateConfirm, .grantAfterDeadline], underFaults: [])
        case "lease_safety":
            CoverageDemands(
                always: [.wideGrant, .wideRefusal, .revoke, .reclaim, .staleHolderRefusal],
                underFaults: [])
        default: nil
        }
    }
}
