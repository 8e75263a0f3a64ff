public import History

/// For each finding of a record: the smallest part of it that still shows the finding.
///
/// A part is judged by the same judge. It shows the finding when the same promise is broken by the
/// same operations, and nothing is found that the whole record does not show. What may be left out
/// is for `ExtractRules` to say.
public struct Extraction: Sendable {
    public struct Piece: Sendable {
        /// In the order of the judgement, from 1.
        public let number: Int
        public let finding: Finding
        /// Nil where the effort did not suffice for any, or no part shows it.
        public let record: RunRecord?
        /// Attempts in it, and in the whole.
        public let operations: Int
        public let wholeOperations: Int
        /// Whether the search for a smaller part stopped at its bound.
        public let isStopped: Bool
    }

    /// Most that is judged for the sake of one finding, and of all, in events and LSNs.
    public struct Effort: Hashable, Sendable {
        public let ofFinding: Int
        public let ofRecord: Int

        public init(ofFinding: Int, ofRecord: Int) {
            self.ofFinding = ofFinding
            self.ofRecord = ofRecord
        }

        public static let usual = Effort(ofFinding: 10_000_000, ofRecord: 100_000_000)
    }

    /// Attempts in the whole record.
    public let operations: Int
    public let pieces: [Piece]

    public init(
        of record: RunRecord, judged judgement: Judgement, by selection: PromiseSelection = .all,
        effort: Effort = .usual
    ) {
        let operations = Self.operations(record)
        self.operations = operations
        let isWhole = RecordIntegrity(record.events, extract: record.header.origin.extract)
            .findings.isEmpty
        let parts = isWhole && !judgement.findings.isEmpty ? RecordAtoms(record) : nil
        var left = effort.ofRecord
        pieces = judgement.findings.enumerated().map { offset, finding in
            let oracle = ExtractOracle(finding, among: judgement.findings, selection)
            let share = min(left, effort.ofFinding)
            let (part, isStopped, spent) = Self.part(of: record, parts, oracle, effort: share)
            left -= spent
            return Piece(
                number: offset + 1, finding: finding, record: part,
                operations: part.map(Self.operations) ?? 0, wholeOperations: operations,
                isStopped: isStopped)
        }
    }

    private static func part(
        of record: RunRecord, _ parts: RecordAtoms?, _ oracle: ExtractOracle, effort: Int
    ) -> (RunRecord?, isStopped: Bool, spent: Int) {
        guard let parts else {
            var left = ExtractEffort(effort)
            let part = RawExtract.find(record, oracle, effort: &left)
            return (part, left.isSpent, effort - max(0, left.left))
        }
        var search = ExtractSearch(parts, oracle, effort: effort)
        let part = search.run()
        return (part, search.effort.isSpent, effort - max(0, search.effort.left))
    }

    private static func operations(_ record: RunRecord) -> Int {
        record.events.count { event in
            switch event.content {
            case .invoke: true
            case .complete, .fault, .note: false
            }
        }
    }
}
