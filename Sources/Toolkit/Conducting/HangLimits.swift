/// When a run counts as hung. Nothing that a cluster does makes a run hang; these limits keep an
/// error of the tool or of the machine from holding up a campaign for ever.
public struct HangLimits: Hashable, Sendable {
    /// A run may take so much longer than twice its window before it is asked to end...
    public var grace: Duration
    /// ...and so much longer again before its process is killed.
    public var lastGrace: Duration

    public static let standard = HangLimits(grace: .seconds(900), lastGrace: .seconds(180))

    public init(grace: Duration, lastGrace: Duration) {
        self.grace = grace
        self.lastGrace = lastGrace
    }
}
