public import History

/// What can be concluded from a text of version 1, which holds completions only: the reference
/// analysis says where to look, and only what no missing time, no other base of slots and no
/// assumption of the recorder can explain away is a broken promise (docs/reference/promises.md).
public struct TextJudge {
    /// Blockers of the reference that are looked at; one lost suffix of a log can make thousands.
    public static let mostBlockers = 1000

    private let blockers: [ReferenceBlocker]
    let evidence: TextEvidence

    /// The findings of a text on which the reference analysis reports. An error means that the
    /// text as a whole means nothing.
    public static func findings(
        onFile path: String, _ report: ReferenceReport
    ) throws(TextHistoryError) -> [TextFinding] {
        guard !report.isPassed else { return [] }
        let blockers = Array(report.blockers.prefix(mostBlockers))
        var evidence = TextEvidence(blockers)
        try HistoryFile.readText(path) { evidence.survey($0) }
        try HistoryFile.readTextLines(path) { evidence.collect($0, line: $1) }
        return TextJudge(blockers: blockers, evidence: evidence).findings
    }

    private var findings: [TextFinding] {
        let others = blockers.flatMap { blocker -> [TextFinding] in
            switch blocker {
            case .missingOperationID(let sequence, let kind): missing(sequence, kind)
            case .duplicateCommittedExecution(let id, let first, let second):
                twice(id, first, second)
            // Told from the reads themselves, below.
            case .staleSuccessfulRead: []
            case .staleHolderNotRejected(let reservation, let id, let attempted, _):
                staleHolder(reservation, id, attempted)
            case .unresolvedAmbiguity(let id): unresolved(id)
            case .doubleAllocation(let resource, let existing, let conflicting):
                doubleAllocation(resource, existing, conflicting)
            case .earlyExpirationRelease(let resource, let reservation, let deadline, let slot):
                earlyExpiry(resource, reservation, deadline, slot)
            }
        }
        let all = others + evidence.reads.prefix(Self.mostBlockers).map(read)
        return Finding.Severity.allCases.sorted(by: >).flatMap { severity in
            all.filter { $0.severity == severity }
        }
    }

    // MARK: - Identity

    private func missing(_ sequence: UInt64, _ kind: TextOperation.Kind) -> [TextFinding] {
        [
            TextFinding(
                code: .recordPairing, severity: .suspicious, stage: .scan,
                lines: evidence.bySequence[sequence].map { [$0.line] } ?? [],
                explanation: "The \(kind.rawValue) of sequence \(sequence) has no operation id: "
                    + "nobody can say which of its attempts belong together.")
        ]
    }

    private func twice(_ id: OperationID, _ first: LSN, _ second: LSN) -> [TextFinding] {
        let rows = evidence.byOperation[id] ?? []
        guard let one = rows.first(where: { $0.committed?.lsn == first }),
            let two = rows.first(where: {
                $0.committed?.lsn == second && $0.line > one.line
                    && ($0.committed?.result != one.committed?.result
                        || $0.event.operation != one.event.operation || first != second)
            })
        else { return [] }
        let isSameCommand = Self.isSame(one.event.operation, two.event.operation)
        let lines = [one.line, two.line]
        if first == second {
            return [
                TextFinding(
                    code: isSameCommand ? .changedAnswer : .conflictAccepted, severity: .blocks,
                    stage: .scan, lines: lines,
                    explanation: isSameCommand
                        ? "Operation \(id) was acknowledged twice at LSN \(first), with different "
                            + "results."
                        : "Operation \(id) was acknowledged at LSN \(first) for two different "
                            + "commands.")
            ]
        }
        let slots = (one.event.operation.requestSlot, two.event.operation.requestSlot)
        let isInWindow = slots.0 != nil && slots.0 == slots.1
        return [
            TextFinding(
                code: isSameCommand ? .duplicateExecution : .conflictAccepted,
                severity: isInWindow ? .blocks : .suspicious, stage: .scan, lines: lines,
                explanation: "Operation \(id) was acknowledged at LSN \(first) and at LSN "
                    + "\(second)" + (isSameCommand ? "" : ", for two different commands")
                    + (isInWindow
                        ? ". Both were sent for the same slot, so the first was still remembered."
                        : ". Their slots differ or are absent, so the first may have been "
                            + "forgotten."))
        ]
    }

    /// The slot is not part of a command.
    private static func isSame(_ left: TextOperation, _ right: TextOperation) -> Bool {
        var right = right
        right.requestSlot = left.requestSlot
        return left == right
    }

    private func unresolved(_ id: OperationID) -> [TextFinding] {
        [
            TextFinding(
                code: .unresolvedAmbiguity, severity: .suspicious, stage: .scan,
                lines: (evidence.byOperation[id] ?? []).map(\.line),
                explanation: "No line says what became of operation \(id). Whether the text is "
                    + "whole cannot be said either.")
        ]
    }

    // MARK: - Reads

    private func read(line: Int, read: TextRead, required: LSN?) -> TextFinding {
        if let required, let observed = read.observedLSN, observed < required {
            return TextFinding(
                code: .fenceIgnored, severity: .blocks, stage: .scan, lines: [line],
                explanation: "The read was answered by replica \(read.servedBy) at LSN "
                    + "\(observed), below the LSN \(required) that it demands.")
        }
        let isBehind = required != nil && read.observedLSN == nil
        return TextFinding(
            code: isBehind ? .fenceIgnored : .deposedRead, severity: .suspicious, stage: .scan,
            lines: [line],
            explanation: "The read was answered by replica \(read.servedBy) as "
                + "\(read.servedRole.rawValue)"
                + (isBehind ? ", and at which LSN nobody noted although it demands one" : "")
                + ". Role and LSN are what the recorder believed; the answer carries neither.")
    }
}
