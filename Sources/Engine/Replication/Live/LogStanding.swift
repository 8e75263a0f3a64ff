public import ClusterProtocol
public import LeaseKernel

/// How much one replica's log may be trusted to hold everything that was ever answered: of a
/// majority of logs, the one with the highest standing holds it all.
///
/// A higher last normal view wins: entering it took a majority's log along. Within one view the
/// life of the primary comes next, because a primary that starts again may write other entries
/// at positions it used and lost before; then the length.
public struct LogStanding: Hashable, Comparable, Sendable {
    public var lastNormalView: View
    /// The highest life of `lastNormalView`'s primary that wrote anything in the log.
    public var generation: Generation
    public var highestPrepared: LSN

    /// - Parameter highestTerm: `JournalContent.highestTerm`; unknown for files of version 2.
    public init(lastNormalView: View?, highestTerm: Term, highestPrepared: LSN) {
        let view = lastNormalView ?? View(0)
        self.lastNormalView = view
        generation = highestTerm.view == view ? highestTerm.generation : .unknown
        self.highestPrepared = highestPrepared
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.lastNormalView, left.generation, left.highestPrepared)
            < (right.lastNormalView, right.generation, right.highestPrepared)
    }
}
