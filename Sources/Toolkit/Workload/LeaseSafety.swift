import Matrix

extension WorkloadDescription {
    /// `lease_safety`: all members or none, and nobody acts on a lease that was taken away.
    ///
    /// Bundles of two to four resources from a small set, in any order, so that they overlap.
    /// Holders confirm; revokers take confirmed leases away and reclaim them later; the old
    /// holders keep trying under the epoch they had, also when the resources are somebody else's.
    /// Bundles that must be refused are asked for as well.
    public static let leaseSafety = WorkloadDescription(
        family: .leaseSafety,
        promise: "A bundle is granted whole or not at all, and after a revoke nothing is granted "
            + "before the reclaim and nothing accepted under the old epoch.",
        catches: [
            "a bundle granted in part, or over a member that is held",
            "resources granted again between revoke and reclaim",
            "a confirm or release accepted under an epoch of the past, or of another holder",
            "epochs or bundle members that a restart or takeover forgets",
            "refusals that nothing in the log explains",
        ],
        roles: [
            ClientRole(
                name: "holder", share: 2,
                mix: [
                    .reserveBundle: 260, .oddBundle: 20, .reserve: 30, .confirm: 190,
                    .release: 170, .staleHolder: 90, .staleRelease: 15, .foreignConfirm: 15,
                    .revoke: 20, .reclaim: 20, .readResource: 50, .readLease: 50,
                    .readLeaseFenced: 25, .tick: 45,
                ],
                ttls: 2...14, bundleSizes: 2...4, mostLeases: 2),
            ClientRole(
                name: "revoker",
                mix: [
                    .revoke: 240, .reclaim: 200, .reserveBundle: 100, .confirm: 60,
                    .staleHolder: 60, .release: 60, .readResource: 190, .readLease: 40,
                    .tick: 50,
                ],
                ttls: 2...14, bundleSizes: 2...4, mostLeases: 2),
        ],
        pool: ResourcePool(fewest: 10, perClient: 4, extra: 2))
}
