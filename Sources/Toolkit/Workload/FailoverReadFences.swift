import Matrix

extension WorkloadDescription {
    /// `failover_read_fences`: what was answered can be read, whoever answers.
    ///
    /// Writers change leases and publish what they were answered. Readers demand it at once: the
    /// same object, with the LSN of the answer as fence, from the replica believed primary and as
    /// often from the others, which are backups or primaries of yesterday. Reads without a fence
    /// and with a fence in the future go the same ways.
    public static let failoverReadFences = WorkloadDescription(
        family: .failoverReadFences,
        promise: "A read that is answered shows every command answered before it was sent, and "
            + "everything up to its fence; a replica that cannot promise that refuses.",
        catches: [
            "a deposed or isolated primary that still answers reads",
            "a backup that answers reads",
            "a new primary that serves before it has what the old one acknowledged",
            "a fence that is ignored, or refused although its LSN is committed",
            "reads that go back in time",
        ],
        roles: [
            ClientRole(
                name: "writer",
                mix: [
                    .reserve: 300, .reserveBundle: 50, .confirm: 150, .release: 200, .revoke: 30,
                    .reclaim: 30, .readPublished: 120, .readResource: 40, .readLease: 40,
                    .tick: 40,
                ],
                strayReads: 0.4),
            ClientRole(
                name: "reader", share: 2,
                mix: [
                    .reserve: 50, .release: 50, .readPublished: 520, .readResource: 130,
                    .readLease: 80, .readResourceFenced: 80, .readLeaseFenced: 70, .readAhead: 20,
                ],
                strayReads: 0.5),
        ],
        pool: ResourcePool(fewest: 5, perClient: 1, extra: 2))
}
