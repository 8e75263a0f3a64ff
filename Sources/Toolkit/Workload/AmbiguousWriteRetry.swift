import Matrix

extension WorkloadDescription {
    /// `ambiguous_write_retry`: clients that never know whether they were heard.
    ///
    /// One command in four is given up at a moment drawn between "just sent" and "surely
    /// answered", so that the answer is cut off before, at and after the quorum. What is then
    /// unknown is repeated, byte for byte: at the same replica, at others, at once, and for a
    /// third of the commands only after a pause that is longer than most faults, when another
    /// primary may answer. Commands also go to replicas that are not believed primary.
    public static let ambiguousWriteRetry = WorkloadDescription(
        family: .ambiguousWriteRetry,
        promise: "A command whose answer was lost has executed once or not at all, and every "
            + "repetition, at any replica, before or after a change of the primary, tells which.",
        catches: [
            "a retry that executes a second time, on the same or on a new primary",
            "a retry whose answer differs from the first execution",
            "a command that was prepared without a quorum, reported lost, and appears later",
            "an acknowledged command that a takeover dropped and a retry executes again",
            "ambiguity that the healed cluster cannot resolve",
        ],
        roles: [
            ClientRole(
                name: "doubter",
                mix: [
                    .reserve: 330, .reserveBundle: 40, .confirm: 120, .release: 190,
                    .readResource: 70, .readLease: 60, .readResourceFenced: 30,
                    .readLeaseFenced: 20, .tick: 30, .duplicate: 90, .conflictingReuse: 20,
                ],
                strayReads: 0.25, strayCommands: 0.05,
                hangUp: HangUp(share: 0.25, microseconds: 0...6000),
                retries: RetryPlan(
                    strayShare: 0.3, lateShare: 0.33, latePause: .milliseconds(1500)))
        ],
        pool: ResourcePool(fewest: 6, perClient: 2, extra: 0))
}
