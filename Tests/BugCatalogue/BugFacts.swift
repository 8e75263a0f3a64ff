/// What a bug does, and where it must show.
public struct BugFacts: Hashable, Sendable {
    /// What the daemon does wrong, for people.
    public let breaks: String
    /// The id of the run of `matrices/sensitivity.yaml` that must find it.
    public let run: String
    /// The findings that tell of it: the one that says it best first. Which one is first in the
    /// log depends on what clients happened to ask.
    public let codes: [String]

    fileprivate init(_ breaks: String, _ run: String, _ codes: [String]) {
        self.breaks = breaks
        self.run = run
        self.codes = codes
    }
}

extension Bug {
    public var facts: BugFacts {
        switch self {
        case .acceptsConflicts, .forgetsOperations, .halvesBundles, .expiresEarly,
            .ignoresFences:
            requestFacts
        case .ignoresEpochs, .keepsEpochs, .ignoresHolders, .revokesAtOnce, .expiresConfirmed,
            .skipsExpiries, .revivesExpired, .overlooksMembers:
            ruleFacts
        case .promisesLonger, .changesAnswers, .deniesDeeds, .reusesIDs, .readsAsBackup,
            .readsUnconfirmed:
            answerFacts
        case .forgetsOnRestart, .forgetsInSnapshot, .stampsOldSnapshot, .forgetsWrites,
            .forgetsUnsynced, .forgetsAsBackup, .forgetsSuffix:
            memoryFacts
        case .quorumOfOne, .twoPrimaries, .skipsMissed: agreementFacts
        }
    }

    private var requestFacts: BugFacts {
        switch self {
        case .acceptsConflicts:
            BugFacts(
                "executes another command under an operation id that is used",
                "reservation_contention-control", ["conflict-accepted"])
        case .forgetsOperations:
            BugFacts(
                "executes a repeated command again", "ambiguous_write_retry-control",
                ["duplicate-execution", "changed-answer", "unexplained-effect"])
        case .halvesBundles:
            BugFacts(
                "grants a bundle, but reserves its first member only", "lease_safety-control",
                [
                    "partial-grant", "double-allocation", "stolen-member", "wrong-read",
                    "early-reuse", "false-refusal",
                ])
        case .expiresEarly:
            BugFacts(
                "a tick ends leases that are due in the next slot",
                "expiration_and_recovery-control",
                [
                    "early-expiry", "unexplained-effect", "tick-result", "double-allocation",
                    "stolen-member", "false-refusal", "early-reuse", "slot-regression",
                    "freed-early",
                ])
        case _:
            BugFacts(
                "answers a read whatever LSN it demands", "failover_read_fences-control",
                readsOfThePast)
        }
    }

    private var ruleFacts: BugFacts {
        switch self {
        case .ignoresEpochs:
            BugFacts(
                "accepts a confirm or release under any epoch", "lease_safety-control",
                ["future-epoch-accepted", "stale-holder-accepted"])
        case .keepsEpochs:
            BugFacts(
                "a revoke leaves the epoch as it is", "lease_safety-control",
                ["wrong-read-epoch", "stale-holder-accepted", "false-refusal", "wrong-read"])
        case .ignoresHolders:
            BugFacts(
                "accepts a confirm or release by anybody", "lease_safety-control",
                // A stranger may also be refused, for another reason than being one.
                ["wrong-holder-accepted", "false-refusal"])
        case .revokesAtOnce:
            BugFacts(
                "a revoke frees the resources without waiting for the reclaim",
                "lease_safety-control",
                ["early-reuse", "freed-early", "false-refusal", "wrong-read"])
        case .expiresConfirmed:
            BugFacts(
                "a tick ends confirmed leases past their deadline",
                "expiration_and_recovery-control",
                [
                    "active-lease-expired", "unexplained-effect", "double-allocation",
                    "stolen-member", "tick-result", "freed-early", "false-refusal", "wrong-read",
                ])
        case .skipsExpiries:
            BugFacts(
                "a tick reports expiries of which it carries out every other one",
                "lease_safety-control",
                [
                    "missed-expiry", "ended-lease-accepted", "false-refusal", "wrong-read",
                    "unexplained-effect", "tick-result",
                ])
        case .revivesExpired:
            BugFacts(
                "a confirm or release revives a lease that has expired",
                "lease_safety-control", ["ended-lease-accepted"])
        case _:
            BugFacts(
                "takes members of a bundle, but the first, from whoever holds them",
                "lease_safety-control",
                // Whoever lost a member is refused what is theirs.
                ["stolen-member", "double-allocation", "early-reuse", "false-refusal"])
        }
    }

    private var answerFacts: BugFacts {
        switch self {
        case .promisesLonger:
            BugFacts(
                "promises a deadline one slot later than the real one", "lease_safety-control",
                ["wrong-deadline"])
        case .changesAnswers:
            BugFacts(
                "answers a repetition with another deadline than the first time",
                "ambiguous_write_retry-control", ["changed-answer"])
        case .deniesDeeds:
            BugFacts(
                "answers `overloaded`, and executes all the same",
                "reservation_contention-control",
                ["failure-applied", "order-violation", "unexplained-effect"])
        case .reusesIDs:
            BugFacts(
                "after a restart gives out ids of leases that it gave out before",
                "reservation_contention-crash-restart",
                [
                    "wrong-reservation-id", "changed-answer", "false-conflict", "lost-write",
                    "wrong-read", "lost-state", "false-refusal",
                ])
        case .readsAsBackup:
            BugFacts(
                "serves reads as a backup", "failover_read_fences-control", readsOfThePast)
        case _:
            BugFacts(
                "serves reads as primary without asking whether it still is one",
                "failover_read_fences-partition-heal", ["deposed-read"] + readsOfThePast)
        }
    }

    private var memoryFacts: BugFacts {
        switch self {
        case .forgetsOnRestart:
            BugFacts(
                "a restart forgets which operations were executed",
                "ambiguous_write_retry-crash-restart",
                [
                    "duplicate-execution", "unexplained-effect", "changed-answer",
                    "conflict-accepted",
                ])
        case .forgetsInSnapshot:
            BugFacts(
                "a snapshot holds no operations", "expiration_and_recovery-crash-restart",
                ["changed-answer", "duplicate-execution", "unexplained-effect"])
        case .stampsOldSnapshot:
            BugFacts(
                "a snapshot lacks the newest entries of those it stands for",
                "expiration_and_recovery-crash-restart", stateLost)
        case .forgetsWrites:
            BugFacts(
                "answers without a majority, and a kill loses the last seconds",
                "reservation_contention-crash-restart", ["lost-write"] + stateLost)
        case .forgetsUnsynced:
            BugFacts(
                "acknowledges what is not synced", "lease_safety-crash-restart",
                ["replica-faulted", "lost-write"] + stateLost)
        case .forgetsAsBackup:
            BugFacts(
                "a backup acknowledges what it has in memory only",
                "reservation_contention-crash-restart", ["lost-write"] + stateLost)
        case _:
            BugFacts(
                "a takeover drops the suffix that was prepared: a backup writes only what is "
                    + "committed",
                "ambiguous_write_retry-mixed-failover", ["lost-write"] + stateLost)
        }
    }

    private var agreementFacts: BugFacts {
        switch self {
        case .quorumOfOne:
            BugFacts(
                "acknowledges before a majority has it, and replicates later",
                "failover_read_fences-partition-heal", ["lost-write"] + stateLost)
        case .twoPrimaries:
            BugFacts(
                "a deposed primary goes on, and backups obey it as well",
                "reservation_contention-partition-heal", ["lost-write"] + stateLost)
        case _:
            BugFacts(
                "a backup that comes back counts what it missed as applied",
                "expiration_and_recovery-mixed-failover", stateLost)
        }
    }

    /// How it shows that a read saw a state of the past.
    private var readsOfThePast: [String] {
        ["fence-ignored", "stale-read", "read-went-back", "lost-state", "wrong-read"]
    }

    /// How it shows that effects of acknowledged commands are gone: in reads, in what is refused,
    /// in what is granted twice.
    private var stateLost: [String] {
        readsOfThePast + [
            "changed-answer", "duplicate-execution", "unexplained-effect", "false-refusal",
            "double-allocation", "stolen-member", "early-reuse", "ended-lease-accepted",
            "illegal-transition", "order-violation", "process-order", "tick-result",
            "lsn-shared", "deposed-read", "freed-early", "missed-expiry",
        ]
    }
}
