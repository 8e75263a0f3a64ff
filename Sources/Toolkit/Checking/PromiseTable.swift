extension Promise {
    /// Every promise, in the order of their numbers.
    public static let all: [Promise] = [
        Promise(
            number: 1, code: .lostWrite,
            statement: "A command that was acknowledged at an LSN stays in the log at that LSN.",
            evidence: "Two different commands were acknowledged at one LSN, or a later command "
                + "was answered as if the acknowledged one had never been.",
            unknowable: "Whether a command that nobody asked about again is still there.",
            advice: "Look at the fault before the second answer: a takeover or restart that "
                + "dropped a prepared suffix, or an answer before the majority had it on disk."),
        Promise(
            number: 2, code: .duplicateExecution,
            statement: "A command executes at most once while its operation id is remembered.",
            evidence: "One operation id and payload was acknowledged at two LSNs inside the "
                + "dedupe window.",
            unknowable: "A second execution after the window; it is allowed.",
            advice: "Look for a restart or takeover between the two: the retry table was lost."),
        Promise(
            number: 3, code: .conflictAccepted,
            statement: "An operation id stands for one command only.",
            evidence: "A second, different command under a remembered operation id was given "
                + "any answer but operation_conflict.",
            unknowable: "Whether a client id differed; the allocator does not compare it.",
            advice: "Look at how retries are recognised: id and fingerprint must both match."),
        Promise(
            number: 4, code: .changedAnswer,
            statement: "A retry gets the answer of the first execution.",
            evidence: "Two answers to one command at one LSN differ.",
            unknowable: "Answers that were lost on the way.",
            advice: "Compare the two answers field by field; look at what a restart restores."),
        Promise(
            number: 5, code: .doubleAllocation,
            statement: "A resource that is held is given to nobody else.",
            evidence: "A reserve was acknowledged while an earlier lease on a member was "
                + "reserved or confirmed, and nothing in the record can have ended it.",
            unknowable: "Whether an unrecorded client ended the lease.",
            advice: "Follow the resource's time line from the first grant to the second."),
        Promise(
            number: 6, code: .earlyReuse,
            statement: "A revoked lease's resources are not granted again before the reclaim.",
            evidence: "A reserve was acknowledged while a member's lease was being revoked.",
            unknowable: "Whether the old holder still used the resource.",
            advice: "Look at what happened between revoke and reclaim, a takeover for example."),
        Promise(
            number: 7, code: .staleHolderAccepted,
            statement: "A holder with an outdated epoch, or of a lease that has ended, is refused.",
            evidence: "A confirm or release with an old epoch, or on an ended lease, was "
                + "acknowledged.",
            unknowable: "What the stale holder did outside the allocator.",
            advice: "Compare the epoch in the request with the one after the last revoke."),
        Promise(
            number: 8, code: .wrongHolderAccepted,
            statement: "Only the holder confirms or releases a lease.",
            evidence: "A confirm or release by another holder was acknowledged.",
            unknowable: "Who stands behind a holder id.",
            advice: "Compare the holder of the grant with that of the accepted request."),
        Promise(
            number: 9, code: .illegalTransition,
            statement: "A lease goes only through the states of its life cycle.",
            evidence: "A command was acknowledged in a state that does not allow it, for "
                + "example a reclaim without a revoke.",
            unknowable: "States between two commands that nobody read.",
            advice: "List the commands of that lease by LSN; the first odd one is the cause."),
        Promise(
            number: 10, code: .wrongResult,
            statement: "A grant carries the reservation id of its LSN, epoch 1 and the deadline "
                + "slot + ttl; no other acknowledgement carries any of them.",
            evidence: "An acknowledged answer has another value.",
            unknowable: "Nothing: the answer is all there is.",
            advice: "Look at id generation after recovery, and at deadline arithmetic."),
        Promise(
            number: 11, code: .falseRefusal,
            statement: "A command is refused only for the reason that holds at its LSN.",
            evidence: "The state at that LSN calls for an acknowledgement or another refusal.",
            unknowable: "Refusals before the log (not primary, overloaded): they may come always.",
            advice: "Look for state that a restart or takeover brought back or left behind."),
        Promise(
            number: 12, code: .orderViolation,
            statement: "What was answered before another command was sent has the smaller LSN.",
            evidence: "A command was answered before another was sent, and has the larger LSN.",
            unknowable: "The order of commands that overlap in time.",
            advice: "Look for two primaries, or for a log rewritten behind an acknowledgement."),
        Promise(
            number: 13, code: .slotRegression,
            statement: "Slots in the log never go back.",
            evidence: "An acknowledged command has a smaller slot than one at a smaller LSN.",
            unknowable: "The slots of internal commands that nobody saw.",
            advice: "Such a request must be refused before it is logged."),
        Promise(
            number: 14, code: .unexplainedEffect,
            statement: "Every LSN holds a command that somebody sent, or the expiry of a lease "
                + "that was due.",
            evidence: "An LSN below an acknowledged one is taken by nothing that the record "
                + "can explain; an expiry before the deadline shows like this.",
            unknowable: "Commands of clients outside the record.",
            advice: "Look at ticks and at the deadlines of the leases around that LSN."),
        Promise(
            number: 15, code: .failureApplied,
            statement: "A command that was answered as definitely failed has no effect.",
            evidence: "The log can be explained only if such a command was executed.",
            unknowable: "Failures whose effect nothing ever showed.",
            advice: "The answer should have been indefinite; look at when it was decided."),
        Promise(
            number: 16, code: .staleRead,
            statement: "A read shows every command that was answered before it was sent, and "
                + "never less than an earlier read or its own fence.",
            evidence: "The answer is a state of the past, or a fence at an acknowledged LSN was "
                + "refused as not applied.",
            unknowable: "Which replica served it, and at which LSN.",
            advice: "Look for a deposed primary or a backup that still answers reads."),
        Promise(
            number: 17, code: .wrongRead,
            statement: "A read shows a state that existed.",
            evidence: "The answer is a state the object never had, or has only later.",
            unknowable: "Fields that the answer does not carry.",
            advice: "Compare the answer with the time line of the object in the finding."),
        Promise(
            number: 18, code: .tickResult,
            statement: "A tick reports the expiries it made, at LSNs of their own.",
            evidence: "The last LSN it reports belongs to a client's command, or there are fewer "
                + "free LSNs than expiries reported.",
            unknowable: "Which leases it expired; the answer does not say.",
            advice: "Compare the LSNs around the tick with the acknowledged commands."),
        Promise(
            number: 19, code: .unresolvedAmbiguity,
            statement: "A healed cluster tells what became of every command.",
            evidence: "After the last heal a command's outcome is still unknown.",
            unknowable: "Whether it would have been answered later.",
            advice: "Look at what the cluster answered to the last retries."),
        Promise(
            number: 20, code: .brokenRecord,
            statement: "The record itself is whole: sequence, time, one answer per attempt.",
            evidence: "A gap or repetition in the sequence, an answer to nothing, two answers.",
            unknowable: "Events that were never recorded.",
            advice: "The record cannot be judged; look at how it was copied or cut."),
    ]
}
