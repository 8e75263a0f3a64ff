import History

/// Whether a part of a record shows a finding of the whole: the same promise broken by the same
/// operations, and nothing that the whole does not show.
struct ExtractOracle {
    struct Key: Hashable {
        let code: FindingCode
        let events: [Sequence]
    }

    let finding: Finding
    /// Everything that was found in the whole.
    let known: Set<Key>
    let selection: PromiseSelection

    init(_ finding: Finding, among findings: [Finding], _ selection: PromiseSelection) {
        self.finding = finding
        known = Set(findings.map { Key(code: $0.code, events: $0.events) })
        self.selection = selection
    }

    /// What it takes to judge is spent.
    func shows(
        _ record: RunRecord, _ effort: inout ExtractEffort
    ) throws(ExtractEffort.Spent) -> Bool {
        try effort.spend(record.events.count + 1)
        var work = 0
        let judgement = Judge.judge(record, by: selection, counting: &work)
        effort.add(work)
        return judgement.findings.contains(where: isSame)
            && judgement.findings.allSatisfy { found in
                // Of a record that was cut it is worth a note that commands are not answered.
                found.severity == .note
                    || known.contains(Key(code: found.code, events: found.events))
            }
    }

    /// A finding that accuses no operation is the same if it says the same.
    private func isSame(_ other: Finding) -> Bool {
        other.code == finding.code && other.severity == finding.severity
            && other.events == finding.events
            && (!finding.events.isEmpty || other.explanation == finding.explanation)
    }
}

/// How much may still be judged for the sake of smaller extracts, in events and LSNs.
struct ExtractEffort {
    struct Spent: Error {}

    private(set) var left: Int
    /// Whether somebody wanted more than there was.
    private(set) var isSpent = false

    init(_ amount: Int) { left = amount }

    mutating func spend(_ amount: Int) throws(Spent) {
        guard left > 0 else {
            isSpent = true
            throw Spent()
        }
        left -= amount
    }

    /// What was spent before anybody knew how much it would be.
    mutating func add(_ amount: Int) { left -= amount }
}
