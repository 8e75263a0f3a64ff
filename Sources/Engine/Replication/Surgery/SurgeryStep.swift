public import LeaseKernel

/// A boundary inside a takeover or a rejoin: what is done, durably, when the next thing begins.
/// Whoever carries out surgery may be killed at any of them.
public enum SurgeryStep: Hashable, Sendable, CustomStringConvertible {
    /// The folder was read and judged; nothing has been written for it yet.
    case surveyed(ReplicaID)
    /// The metadata promise the new view.
    case voted(ReplicaID)
    /// The new folder lies complete beside the old one; the stage is nil in a rejoin.
    case staged(ReplicaID, TakeoverStage?)
    /// The new folder has taken the old one's place.
    case switched(ReplicaID, TakeoverStage?)

    public var description: String {
        switch self {
        case .surveyed(let replica): "replica \(replica) surveyed"
        case .voted(let replica): "replica \(replica) voted"
        case .staged(let replica, let stage): "replica \(replica) staged" + Self.words(stage)
        case .switched(let replica, let stage): "replica \(replica) switched" + Self.words(stage)
        }
    }

    private static func words(_ stage: TakeoverStage?) -> String {
        switch stage {
        case nil: ""
        case .vote: " to vote"
        case .adopt: " to adopt"
        case .commit: " to commit"
        }
    }
}
