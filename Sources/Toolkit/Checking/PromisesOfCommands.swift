extension Promise {
    /// What was promised first: about commands, leases and reads as a whole.
    static let first: [Promise] = [
        Promise(
            number: 1, code: .lostWrite,
            statement: "A command that was acknowledged at an LSN stays in the log at that LSN.",
            evidence: "Two different commands were acknowledged at one LSN, or a later command "
                + "was answered as if the acknowledged one had never been.",
            checker: "`WitnessLog` (one LSN, two commands), `ObstacleWords` on the replay",
            unknowable: "Whether a command that nobody asked about again is still there.",
            section: "lease-kernel.md 7, replica.md 8",
            advice: "Look at the fault before the second answer: a takeover or restart that "
                + "dropped a prepared suffix, or an answer before the majority had it on disk."),
        Promise(
            number: 2, code: .duplicateExecution,
            statement: "A command executes at most once while its operation id is remembered.",
            evidence: "One operation id and payload was acknowledged at two LSNs inside the "
                + "dedupe window.",
            checker: "`WitnessReplay`",
            unknowable: "A second execution after the window; it is allowed.",
            section: "lease-kernel.md 7 step 5",
            advice: "Look for a restart or takeover between the two: the retry table was lost."),
        Promise(
            number: 3, code: .conflictAccepted,
            statement: "An operation id stands for one command only.",
            evidence: "A second, different command under a remembered operation id was given any "
                + "answer but operation_conflict.",
            checker: "`WitnessReplay`",
            unknowable: "Whether a client id differed; the allocator does not compare it.",
            section: "lease-kernel.md 7 step 5",
            advice: "Look at how retries are recognised: id and fingerprint must both match."),
        Promise(
            number: 4, code: .changedAnswer,
            statement: "A retry gets the answer of the first execution.",
            evidence: "Two answers to one command at one LSN differ, or a repetition inside the "
                + "dedupe window is refused for its slot, as if the command were new.",
            checker: "`WitnessLog`, `RememberedRetries`",
            unknowable: "Answers that were lost on the way.",
            section: "lease-kernel.md 7 step 5, wire-api.md 3.1",
            advice: "Compare the two answers field by field; look at what a restart restores."),
        Promise(
            number: 5, code: .doubleAllocation,
            statement: "A resource that is held is given to nobody else.",
            evidence: "A reserve was acknowledged while an earlier lease of that one resource was "
                + "reserved or confirmed, and nothing in the record can have ended it.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Whether an unrecorded client ended the lease.",
            section: "lease-kernel.md 8.2 check 3c",
            advice: "Follow the resource's time line from the first grant to the second."),
        Promise(
            number: 6, code: .earlyReuse,
            statement: "A revoked lease's resources are not granted again before the reclaim.",
            evidence: "A reserve was acknowledged while a member's lease was being revoked.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Whether the old holder still used the resource.",
            section: "lease-kernel.md 8.6, 8.7",
            advice: "Look at what happened between revoke and reclaim, a takeover for example."),
        Promise(
            number: 7, code: .staleHolderAccepted,
            statement: "A holder with an outdated epoch is refused.",
            evidence: "A confirm or release with an epoch from before the last revoke was "
                + "acknowledged while the lease lived.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "What the stale holder did outside the allocator.",
            section: "lease-kernel.md 8.4, 8.5 check 3",
            advice: "Compare the epoch in the request with the one after the last revoke."),
        Promise(
            number: 8, code: .wrongHolderAccepted,
            statement: "Only the holder confirms or releases a lease.",
            evidence: "A confirm or release by another holder was acknowledged.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Who stands behind a holder id.",
            section: "lease-kernel.md 8.4, 8.5 check 2",
            advice: "Compare the holder of the grant with that of the accepted request."),
        Promise(
            number: 9, code: .illegalTransition,
            statement: "A lease goes only through the states of its life cycle.",
            evidence: "A command was acknowledged in a state that does not allow it, for example "
                + "the revoke of a lease that is not confirmed.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "States between two commands that nobody read.",
            section: "lease-kernel.md 8.9",
            advice: "List the commands of that lease by LSN; the first odd one is the cause."),
        Promise(
            number: 10, code: .wrongResult,
            statement: "A grant carries a reservation id, an epoch and a deadline; no other "
                + "acknowledgement carries any of them.",
            evidence: "An acknowledged answer lacks one of them, has one too many, or has several "
                + "wrong.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Nothing: the answer is all there is.",
            section: "lease-kernel.md 5, wire-api.md 3.1",
            advice: "Look at id generation after recovery, and at deadline arithmetic."),
        Promise(
            number: 11, code: .falseRefusal,
            statement: "A command is refused only for the reason that holds at its LSN.",
            evidence: "The state at that LSN calls for an acknowledgement or another refusal.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "Refusals before the log (not primary, overloaded): they may come always.",
            section: "lease-kernel.md 8, 10",
            advice: "Look for state that a restart or takeover brought back or left behind."),
        Promise(
            number: 12, code: .orderViolation,
            statement:
                "What was answered before another process sent something has the smaller LSN.",
            evidence: "A command was answered before another was sent, and has the larger LSN.",
            checker: "`RealTimeOrder`",
            unknowable: "The order of commands that overlap in time.",
            section: "wire-api.md 7.5, replica.md 8",
            advice: "Look for two primaries, or for a log rewritten behind an acknowledgement."),
        Promise(
            number: 13, code: .slotRegression,
            statement: "Slots in the log never go back.",
            evidence: "An acknowledged command has a smaller slot than one at a smaller LSN.",
            checker: "`WitnessReplay`, named by `ObstacleWords`",
            unknowable: "The slots of internal commands that nobody saw.",
            section: "lease-kernel.md 7 step 2",
            advice: "Such a request must be refused before it is logged."),
        Promise(
            number: 14, code: .unexplainedEffect,
            statement: "Every LSN holds a command that somebody sent, or the expiry of a lease "
                + "that was due.",
            evidence: "An LSN below an acknowledged one is taken by nothing that the record can "
                + "explain.",
            checker: "`GapExplanations` on the replay",
            unknowable: "Commands of clients outside the record.",
            section: "lease-kernel.md 7, 12.1",
            advice: "Look at ticks and at the deadlines of the leases around that LSN."),
        Promise(
            number: 15, code: .failureApplied,
            statement: "A command that was answered as definitely failed has no effect.",
            evidence: "The log can be explained only if such a command was executed, or a "
                + "repetition is answered from memory although nothing else was sent.",
            checker: "`WitnessLog`, `Diagnosis`",
            unknowable: "Failures whose effect nothing ever showed.",
            section: "wire-api.md 5",
            advice: "The answer should have been indefinite; look at when it was decided."),
        Promise(
            number: 16, code: .staleRead,
            statement: "A read shows every command that was answered before it was sent.",
            evidence: "The answer is a state of the past: a command that it does not show had "
                + "been answered.",
            checker: "`ReadPlacement`, named by `MisplacedRead`; `CertainlyStaleReads`",
            unknowable: "Which replica served it, and at which LSN.",
            section: "lease-kernel.md 13, wire-api.md 6",
            advice: "Look for a deposed primary or a backup that still answers reads."),
        Promise(
            number: 17, code: .wrongRead,
            statement: "A read shows a state that existed.",
            evidence: "The answer is a state the object never had, in more than one respect, or "
                + "has only later.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "Fields that the answer does not carry.",
            section: "lease-kernel.md 13",
            advice: "Compare the answer with the time line of the object in the finding."),
        Promise(
            number: 18, code: .tickResult,
            statement: "A tick reports the expiries it made, at LSNs of their own.",
            evidence: "The last LSN it reports belongs to a client's command, or there are fewer "
                + "free LSNs than expiries reported; or the expiries in the log cannot be shared "
                + "out among the ticks as these report.",
            checker: "`TickPromise`, `TickQuotas` on the replay",
            unknowable: "Which leases it expired; the answer does not say.",
            section: "wire-api.md 3.7",
            advice: "Compare the LSNs around the tick with the acknowledged commands."),
        Promise(
            number: 19, code: .unresolvedAmbiguity,
            statement: "A healed cluster tells what became of every command.",
            evidence: "After the last heal a command's outcome is still unknown, and no answer "
                + "even looks as if it told.",
            checker: "`AmbiguityPromise`",
            unknowable: "Whether it would have been answered later.",
            section: "wire-api.md 5",
            advice: "Look at what the cluster answered to the last retries."),
        Promise(
            number: 20, code: .brokenRecord,
            statement: "The record itself is whole: its sequence has no gap and no repetition.",
            evidence: "An event does not follow the one before it.",
            checker: "`RecordIntegrity`",
            unknowable: "Events that were never recorded.",
            section: "docs/reference/history-format.md",
            advice: "The record cannot be judged; look at how it was copied or cut."),
    ]
}
