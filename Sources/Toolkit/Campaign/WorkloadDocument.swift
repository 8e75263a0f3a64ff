import Checking
import Matrix
public import Workload

extension WorkloadDescription {
    /// `docs/reference/workloads.md`, from the descriptions that the clients carry out.
    public static var document: String {
        var text = """
            # What is asked of the cluster

            Each workload is concurrent, follows from the seed, keeps to the rate, and goes on
            until the fault window closes. Its resources are used again and again, and slots pass,
            so that commands and ended leases are forgotten: a run can last for days. What a client
            *intends* follows from workload, seed and client number alone; what becomes of an
            intent depends on the answers.

            A run that did not meet what its workload exists for ends *unknown: coverage too thin*,
            not passed. That each finds the bugs it is about, in daemons that have only one each, is
            shown in [sensitivity.md](sensitivity.md).

            This file is generated from the descriptions in `Sources/Toolkit/Workload`; a test
            compares the two.

            """
        for workload in all { text += workload.section }
        return text + scripts
    }

    private static let scripts = """

        ## Scripted runs

        With `--style scripted` a run goes through the reference's scenarios instead: one client
        and one operator, one step at a time, the faults being steps, again and again with new ids
        until the window closes (a control run goes through once). It is for daemons that tolerate
        nothing else, and for comparison. A scripted run owes no more than a write and a read, and
        a step whose outcome is not the one in the scenario is a remark; what it means is for the
        judge to say.

        It differs from the reference in what would make evidence worse: what the scenario expects
        to be answered is repeated, byte for byte, until it is; a takeover follows [our
        rule](../explanation/takeover.md), which drops nothing that was acknowledged; a tick that
        finds nothing due, because the new primary has carried it out already, is no error.

        """

    private var section: String {
        """

        ## `\(family.rawValue)`

        \(promise)

        It would catch:

        \(catches.map { "- \($0)" }.joined(separator: "\n"))

        \(roles.map(\.table).joined(separator: "\n\n"))

        - **Resources:** \(pool.words)
        - **Slots:** \(pace.words)
        \(checkpoints.map { "- **Checkpoints:** \($0.words)\n" } ?? "")\
        - **Must be seen:** \(demandWords)

        """
    }

    private var demandWords: String {
        guard let demands = CoverageDemands.of(workload: family.rawValue) else {
            return "a write and a read"
        }
        let always = demands.always.map(\.words).joined(separator: "; ")
        let more = demands.underFaults.map(\.words).joined(separator: "; ")
        return more.isEmpty ? always : "\(always); in a run with faults also \(more)"
    }
}

extension ClientRole {
    fileprivate var table: String {
        var rows = mix.entries.map { entry in
            "| \(Self.words(entry.kind)) | \(Self.percent(Double(entry.perMille) / 1000)) |"
        }
        rows += [
            "| *leases last* | \(ttls.lowerBound) to \(ttls.upperBound) slots |",
            "| *members of a bundle* | "
                + "\(bundleSizes.lowerBound) to \(bundleSizes.upperBound) |",
            "| *reads and repetitions at another replica* | \(Self.percent(strayReads)) |",
            "| *new commands at another replica* | \(Self.percent(strayCommands)) |",
            "| *gives up early* | \(hangUpWords) |",
            "| *retries at another replica* | \(Self.percent(retries.strayShare)) |",
        ]
        if retries.lateShare > 0 {
            rows.append(
                "| *first retry after \(retries.latePause)* | "
                    + "\(Self.percent(retries.lateShare)) |")
        }
        let head = share == 1 ? "\(name), one part" : "\(name), \(share) parts"
        return (["| \(head) | share |", "|---|---|"] + rows).joined(separator: "\n")
    }

    private var hangUpWords: String {
        let waits = hangUp.microseconds
        let span =
            waits.count == 1
            ? "\(waits.lowerBound)" : "\(waits.lowerBound) to \(waits.upperBound)"
        return "\(Self.percent(hangUp.share)) of commands, \(span) µs after sending"
    }

    /// With one decimal where there is one.
    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }

    private static func words(_ kind: Intent.Kind) -> String {
        switch kind {
        case .reserve: "reserve"
        case .reserveBundle: "reserve a bundle"
        case .oddBundle: "reserve a bundle that must be refused"
        case .reserveDue: "reserve what is due now"
        case .confirm: "confirm"
        case .confirmDue: "confirm the lease that is due first"
        case .release: "release"
        case .revoke: "revoke"
        case .reclaim: "reclaim"
        case .readResource: "read a resource"
        case .readLease: "read a lease"
        case .readResourceFenced: "read a resource at the last known LSN"
        case .readLeaseFenced: "read a lease at the last known LSN"
        case .readPublished: "read at once what another client was just answered, at its LSN"
        case .readAhead: "read at an LSN that does not exist yet"
        case .tick: "expire what is due"
        case .duplicate: "repeat an answered command"
        case .conflictingReuse: "reuse an operation id for another command"
        case .staleRelease: "release with an epoch of the future"
        case .staleHolder: "confirm or release a lost lease with the epoch it had"
        case .foreignConfirm: "confirm somebody else's lease"
        case .abandon: "let a lease expire"
        }
    }
}

extension ResourcePool {
    fileprivate var words: String {
        let perClient = perClient == 1 ? "one for each client" : "\(perClient) for each client"
        let extra = extra == 0 ? "" : " and \(extra) more"
        return "\(perClient)\(extra), at least \(fewest); the first are asked for most"
    }
}

extension SlotPace {
    fileprivate var words: String {
        let base = "the next after \(commandsPerSlot) commands or \(slotAge)"
        guard jumpEvery > 0 else { return base }
        return "\(base); every \(jumpEvery)th time \(jumpBy) at once"
    }
}

extension CheckpointPlan {
    fileprivate var words: String {
        "a replica, mostly the primary, writes a snapshot every \(shortestPause) to "
            + "\(longestPause), half of the times two in a row"
    }
}
