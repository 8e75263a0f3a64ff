import Matrix

extension WorkloadDescription {
    /// `expiration_and_recovery`: leases end when their time is over, and not before.
    ///
    /// Leases of one to four slots; logical time goes fast, and now and then jumps over several
    /// deadlines at once. Ticks expire what is due; confirms race them; the resource is asked for
    /// again at the very deadline. Replicas are told to write snapshots all the time, so that one
    /// that was down comes back from the log's end or, when that was cut off, from a snapshot; what
    /// the snapshot must remember is asked for again.
    public static let expirationAndRecovery = WorkloadDescription(
        family: .expirationAndRecovery,
        promise: "A reserved lease ends at a tick at or after its deadline, never earlier, and "
            + "stays ended; a confirmed one does not expire; recovery changes none of it.",
        catches: [
            "an expiry before the deadline, or of a confirmed lease",
            "a lease that comes back after a restart, a snapshot or a rejoin",
            "a resource that stays taken after its lease has expired",
            "a confirm that wins against an expiry that was reported",
            "a replica that lost or doubled log entries when it caught up",
        ],
        roles: [
            ClientRole(
                name: "short lease",
                mix: [
                    .reserve: 220, .reserveBundle: 40, .reserveDue: 120, .confirm: 40,
                    .confirmDue: 90, .release: 90, .readResource: 60, .readLease: 70,
                    .readResourceFenced: 30, .readLeaseFenced: 40, .tick: 120, .abandon: 30,
                    .duplicate: 50,
                ],
                ttls: 1...4)
        ],
        pool: ResourcePool(fewest: 6, perClient: 2, extra: 0),
        pace: SlotPace(
            commandsPerSlot: 6, slotAge: .milliseconds(60), jumpEvery: 12, jumpBy: 5),
        checkpoints: CheckpointPlan(
            shortestPause: .milliseconds(150), longestPause: .milliseconds(900)))
}
