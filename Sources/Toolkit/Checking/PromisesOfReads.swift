extension Promise {
    /// About reads, and about the record itself.
    static let ofReads: [Promise] = [
        Promise(
            number: 39, code: .fenceIgnored,
            statement: "A read that demands an LSN shows at least that LSN.",
            evidence: "The answer is a state from before the LSN that the read demands.",
            checker: "`ReadPlacement`, named by `MisplacedRead`; `ServingPromise`",
            unknowable: "Fences below what was acknowledged anyway.",
            section: "wire-api.md 6 step 2",
            advice: "Is the demanded LSN compared with what was applied, and before the state is "
                + "looked up?"),
        Promise(
            number: 40, code: .fenceRefused,
            statement: "A fence at an LSN that was acknowledged is served.",
            evidence: "A read was refused because its LSN is not applied, but that LSN, or what "
                + "it demands, had been acknowledged before.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "How far a replica was that did not answer.",
            section: "wire-api.md 6 step 2, 7.6",
            advice: "Look for a primary that lost what was acknowledged, or that answers before "
                + "it applies."),
        Promise(
            number: 41, code: .readWentBack,
            statement: "No read shows less than one that was answered before it.",
            evidence: "The answer is a state older than what an earlier read showed.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "The order of reads that overlap in time.",
            section: "lease-kernel.md 13, wire-api.md 7.6",
            advice: "Which replicas served the two reads? The later one was behind."),
        Promise(
            number: 42, code: .epochWentBack,
            statement: "An epoch that was passed does not come back.",
            evidence: "A read shows a smaller epoch of a lease than a read answered before.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "Epochs that nobody read.",
            section: "lease-kernel.md 9",
            advice: "A holder that was turned away would be let in again: look for state restored "
                + "from an old snapshot."),
        Promise(
            number: 43, code: .deposedRead,
            statement: "A replica that is no longer primary answers no reads.",
            evidence: "A replica that had been primary showed a state older than what another one "
                + "had acknowledged; or the record says that a backup answered.",
            checker: "`ReadPlacement`, named by `MisplacedRead`; `ServingPromise`",
            unknowable: "Which view a replica believed in.",
            section: "wire-api.md 7.6, replica.md 9",
            advice: "Does a primary make sure that it still is one before it answers a read?"),
        Promise(
            number: 44, code: .lostState,
            statement: "What was created or granted is shown until it is forgotten by the rules.",
            evidence: "A read says not found, or retired, of a resource or a lease that exists.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "Whether it came back when nobody asked.",
            section: "lease-kernel.md 11, 13",
            advice: "Look for the fault between the creation and the read."),
        Promise(
            number: 45, code: .inventedState,
            statement: "Nothing is shown that nobody asked for.",
            evidence: "A read shows a resource or a reservation that no command can have made.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "Commands of clients outside the record.",
            section: "lease-kernel.md 13",
            advice: "Look for state of another cluster, or of a command that was given up."),
        Promise(
            number: 46, code: .freedEarly,
            statement: "A resource stays in the hands of its lease until that is released, "
                + "reclaimed or expired.",
            evidence: "A read shows a resource as available, or a lease as ended, while it is "
                + "held or being revoked.",
            checker: "`ReadPlacement`, named by `MisplacedRead`",
            unknowable: "Whether somebody could have reserved it.",
            section: "lease-kernel.md 8.6, 8.9",
            advice: "Does the revoke free the resource at once? Only the reclaim may."),
        Promise(
            number: 47, code: .wrongReadHolder,
            statement: "A read shows the holder to whom the lease was granted.",
            evidence: "A read shows another holder, and everything else as it is.",
            checker: "`LeaseDifference`",
            unknowable: "Who stands behind a holder id.",
            section: "lease-kernel.md 4.2",
            advice: "Compare with the grant in the finding."),
        Promise(
            number: 48, code: .wrongReadDeadline,
            statement: "A read shows the deadline that was granted.",
            evidence: "A read shows another deadline, and everything else as it is.",
            checker: "`LeaseDifference`",
            unknowable: "Deadlines that an answer does not carry.",
            section: "lease-kernel.md 4.2",
            advice: "A deadline never changes, not even by a confirm."),
        Promise(
            number: 49, code: .wrongReadVersion,
            statement: "A resource's version counts the changes of its state.",
            evidence: "A read shows another version, and everything else as it is.",
            checker: "`MisplacedRead`",
            unknowable: "Changes that nobody was told of, where they may be.",
            section: "lease-kernel.md 4.1",
            advice: "Count the commands on the resource up to the read."),
        Promise(
            number: 50, code: .wrongReadEpoch,
            statement: "A lease's epoch grows by one at release, expiry and revoke, and only "
                + "there.",
            evidence: "A read shows another epoch, and everything else as it is.",
            checker: "`LeaseDifference`",
            unknowable: "Epochs between two commands that nobody read.",
            section: "lease-kernel.md 8.9, 9",
            advice: "Look at the last command on the lease: does it raise the epoch as the table "
                + "says?"),
        Promise(
            number: 51, code: .wrongReadMembers,
            statement: "A read shows the members of a lease, in the order in which they were "
                + "asked for.",
            evidence: "A read shows other members or another order, and everything else as it is.",
            checker: "`LeaseDifference`",
            unknowable: "Members of leases that nobody was told of.",
            section: "lease-kernel.md 4.3",
            advice: "Look at how members are restored from a snapshot."),
        Promise(
            number: 52, code: .finalState,
            statement: "When all is quiet, every replica shows what the history made.",
            evidence: "After the last command was answered, one replica shows an object as the "
                + "history left it, and another one does not.",
            checker: "`MisplacedRead`",
            unknowable: "Replicas that nobody asked; backups refuse reads.",
            section: "replica.md 8, lease-kernel.md 1",
            advice: "Compare the state of the two replicas: applied LSN, snapshot, log."),
        Promise(
            number: 53, code: .recordTime,
            statement: "Time goes on in a record.",
            evidence: "An event is earlier than the one before it, or an answer than its question.",
            checker: "`RecordIntegrity`",
            unknowable: "How good the clock was.",
            section: "docs/reference/history-format.md",
            advice: "The record cannot be judged; look at what wrote or changed it."),
        Promise(
            number: 54, code: .recordPairing,
            statement: "Every answer in a record belongs to one question.",
            evidence: "An attempt is invoked twice, or answered twice, or answered without having "
                + "been invoked.",
            checker: "`RecordIntegrity`",
            unknowable: "Events that were never recorded.",
            section: "docs/reference/history-format.md",
            advice: "The record cannot be judged; look at what wrote or merged it."),
        Promise(
            number: 55, code: .thinRecord,
            statement: "What passes has shown something.",
            evidence: "The record holds no committed write, no answered read, or not what its "
                + "workload exists for.",
            checker: "`Coverage`",
            unknowable: "Promises that nobody exercised.",
            section: "docs/explanation/promises.md",
            advice: "Let the run go on for longer, or give it more load."),
    ]
}
