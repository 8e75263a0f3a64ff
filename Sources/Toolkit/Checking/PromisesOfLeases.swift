extension Promise {
    /// About the log and its answers, and about the life of a lease.
    static let ofLeases: [Promise] = [
        Promise(
            number: 21, code: .lsnShared,
            statement: "One LSN is given to one command.",
            evidence: "Two different commands, under way at the same time, were acknowledged at "
                + "one LSN.",
            checker: "`WitnessLog`",
            unknowable: "Which of the two stands there.",
            section: "lease-kernel.md 7 step 2, replica.md 7.5",
            advice: "Look for two primaries at a time, and at how positions are handed out."),
        Promise(
            number: 22, code: .impossibleLSN,
            statement: "LSNs begin at 1 and are taken one by one.",
            evidence: "An answer names LSN 0, or one that the commands and ticks of the record "
                + "cannot have reached.",
            checker: "`PossibleLSNs`",
            unknowable: "How many clients worked outside the record.",
            section: "lease-kernel.md 2, replica.md 7.5",
            advice: "Look at the bytes of the answer, and at where the next LSN comes from after "
                + "recovery."),
        Promise(
            number: 23, code: .wrongReservationID,
            statement: "A reservation's id is made of the shard and the LSN that grants it.",
            evidence: "A grant carries another id.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Nothing: the answer is all there is.",
            section: "lease-kernel.md 6",
            advice: "Look at id generation after recovery: is it derived from the LSN, or counted?"),
        Promise(
            number: 24, code: .wrongDeadline,
            statement: "A lease's deadline is the slot of the request and the time asked for.",
            evidence: "A grant carries another deadline.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "When the slots pass; they are the clients'.",
            section: "lease-kernel.md 8.2",
            advice: "Compare slot, ttl and deadline in the finding; a shortened lease ends early."),
        Promise(
            number: 25, code: .wrongFirstEpoch,
            statement: "A lease begins with epoch 1.",
            evidence: "A grant carries another epoch.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Epochs of leases that nobody was told of.",
            section: "lease-kernel.md 9",
            advice: "Look at what a reused record or a restored snapshot leaves in a new lease."),
        Promise(
            number: 26, code: .falseConflict,
            statement: "A command is refused as a conflict only where another one has its "
                + "operation id.",
            evidence: "No other command was sent under the id, or the answer names an LSN where "
                + "none of that id stands.",
            checker: "`ConflictPromise`",
            unknowable: "Commands of clients outside the record.",
            section: "lease-kernel.md 7 step 5, wire-api.md 3.1",
            advice: "Look at how the fingerprint of a command is computed, and at how the retry "
                + "table is looked up."),
        Promise(
            number: 27, code: .processOrder,
            statement: "The commands of one process stand in the log in the order in which it "
                + "sent them.",
            evidence: "A process was answered, sent another command, and that got the smaller LSN.",
            checker: "`RealTimeOrder`",
            unknowable: "The order of commands that a process has under way at the same time.",
            section: "wire-api.md 7.5, replica.md 8",
            advice: "Look at what lies between the two: a takeover that lost the log and began it "
                + "anew?"),
        Promise(
            number: 28, code: .unprovenResolution,
            statement: "What became of a command is told by an answer that proves it.",
            evidence: "The last answers to an ambiguous command are failures of other attempts, "
                + "or came when the command was no longer remembered.",
            checker: "`AmbiguityPromise`",
            unknowable: "Whether the command was executed.",
            section: "wire-api.md 5, lease-kernel.md 11",
            advice: "Look at why the command was not repeated until the log answered; a refused "
                + "attempt says nothing about the one before."),
        Promise(
            number: 29, code: .endedLeaseAccepted,
            statement: "Nobody confirms or releases a lease that has ended.",
            evidence: "A confirm or release was acknowledged after the lease was released, "
                + "reclaimed or expired.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Whether the holder knew.",
            section: "lease-kernel.md 8.4, 8.5 checks 3 and 4",
            advice: "Look at what ended the lease, and whether the answering replica had applied "
                + "that."),
        Promise(
            number: 30, code: .futureEpochAccepted,
            statement: "An epoch that does not exist yet is refused.",
            evidence: "A confirm or release with an epoch above the lease's was acknowledged.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "How the client came by it.",
            section: "lease-kernel.md 8.4, 8.5 check 3",
            advice: "Is the epoch compared for equality, or only for being large enough?"),
        Promise(
            number: 31, code: .releaseWhileRevoking,
            statement: "A lease that is being revoked is ended by the reclaim alone.",
            evidence: "A confirm or release with the right epoch was acknowledged while the lease "
                + "was being revoked.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Whether the holder still used the resource.",
            section: "lease-kernel.md 8.5 check 5, 8.7",
            advice: "Look at the state check of release: it must refuse revoking with "
                + "invalid_state."),
        Promise(
            number: 32, code: .reclaimWithoutRevoke,
            statement: "Only a revoked lease is reclaimed.",
            evidence: "A reclaim was acknowledged while the lease was reserved or confirmed.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Whether the holder was told.",
            section: "lease-kernel.md 8.7 check 3",
            advice: "List the commands of the lease by LSN: was a revoke lost?"),
        Promise(
            number: 33, code: .stolenMember,
            statement: "No member of a bundle that is held is given to somebody else.",
            evidence: "A reserve was acknowledged for a resource that a bundle of several holds.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Whether an unrecorded client ended the lease.",
            section: "lease-kernel.md 8.2 check 3c, 16",
            advice: "Is every member looked at, or only the first one?"),
        Promise(
            number: 34, code: .partialGrant,
            statement: "A bundle is granted as a whole or not at all.",
            evidence: "A read shows one member in the bundle's hands; a later one shows another "
                + "member not. Or a refused bundle holds a member.",
            checker: "`MisplacedRead`",
            unknowable: "Members that nobody read in between.",
            section: "lease-kernel.md 8.2",
            advice: "Look at a crash or takeover in the middle of applying the grant."),
        Promise(
            number: 35, code: .partialRelease,
            statement: "A bundle is given back as a whole.",
            evidence: "A member was seen free, or granted again; another one is still shown as "
                + "held, or refused as busy.",
            checker: "`MisplacedRead`, `ObstacleWords`",
            unknowable: "Members that nobody asked for.",
            section: "lease-kernel.md 8.5, 8.7, 8.8",
            advice: "Does the end of a lease free every member, or only the first one?"),
        Promise(
            number: 36, code: .earlyExpiry,
            statement: "A reserved lease does not expire before its deadline.",
            evidence: "The log makes sense only if a lease was ended at an LSN that no tick for "
                + "its deadline explains; or a read shows it as expired, and no tick for its "
                + "deadline was sent.",
            checker: "`Diagnosis`, `LeaseDifference`",
            unknowable: "Which tick freed it: the answers do not say.",
            section: "lease-kernel.md 12.1",
            advice: "Compare the deadline with the slots of the ticks around that LSN: less or "
                + "equal, or less than one more?"),
        Promise(
            number: 37, code: .activeLeaseExpired,
            statement: "Only reserved leases expire, not confirmed ones or those being revoked.",
            evidence: "The log makes sense only if such a lease was ended at an LSN that nobody "
                + "was told of, or a read shows one as expired.",
            checker: "`Diagnosis`, `LeaseDifference`",
            unknowable: "Which tick freed it.",
            section: "lease-kernel.md 8.8 check 3, 8.9",
            advice: "Does a confirm take the lease out of the expiration index?"),
        Promise(
            number: 38, code: .missedExpiry,
            statement: "A tick expires what is due.",
            evidence: "A tick for a lease's deadline reports nothing, and the lease is confirmed "
                + "or shown as reserved after it.",
            checker: "`MissedExpiry`",
            unknowable: "What a tick expired that reports something.",
            section: "lease-kernel.md 12.1, wire-api.md 3.7",
            advice: "Look at the expiration index after a restart: is it rebuilt?"),
    ]
}
