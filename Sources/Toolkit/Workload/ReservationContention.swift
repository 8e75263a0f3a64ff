import Matrix

extension WorkloadDescription {
    /// `reservation_contention`: many holders want few resources.
    ///
    /// A small hot set is reserved, confirmed, released, revoked and read by all clients at once;
    /// answered commands are repeated byte for byte and their ids reused for other commands, also
    /// at other replicas.
    public static let reservationContention = WorkloadDescription(
        family: .reservationContention,
        promise: "A resource is held by one lease at a time, and a command executes once, however "
            + "many clients want it and however often they ask.",
        catches: [
            "two leases on one resource",
            "a repeated command that executes again, or whose answer changes",
            "an operation id that stands for two commands",
            "an acknowledged command that a crash or takeover loses",
            "a state in a read that never was",
        ],
        roles: [
            ClientRole(
                name: "contender",
                mix: [
                    .reserve: 270, .reserveBundle: 40, .confirm: 110, .release: 140, .revoke: 25,
                    .reclaim: 25, .readResource: 90, .readLease: 60, .readResourceFenced: 50,
                    .readLeaseFenced: 40, .readAhead: 5, .tick: 40, .duplicate: 35,
                    .conflictingReuse: 25, .staleRelease: 10, .foreignConfirm: 10, .abandon: 25,
                ])
        ],
        pool: ResourcePool(fewest: 4, perClient: 1, extra: 3))
}
