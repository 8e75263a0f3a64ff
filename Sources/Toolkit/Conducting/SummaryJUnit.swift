extension CampaignSummary {
    /// `junit.xml`, as build servers read it: a blocked run is a failure, one that nobody can
    /// judge is an error, one that was interrupted or not carried out is skipped.
    public var junit: String {
        JUnitReport(suite: plan.name, cases: rows.map(testCase)).xml
    }

    private func testCase(_ row: Row) -> JUnitReport.Case {
        let result: JUnitReport.Case.Result =
            switch row.outcome?.verdict {
            case .passed: .passed
            case .blocked:
                .failed(
                    (row.outcome?.findings ?? []).map { .init(type: $0.code, text: $0.explanation) }
                )
            case .unknown(let reason): .error(reason: reason)
            case .interrupted: .skipped(reason: "interrupted")
            case nil: .skipped(reason: "not carried out")
            }
        let words = RowWords(row: row)
        return JUnitReport.Case(
            name: "\(row.request.number) \(row.request.runID) seed \(row.request.seed)",
            seconds: row.outcome?.elapsedSeconds ?? 0, result: result,
            output: "operations \(words.operations), ambiguous \(words.ambiguous), faults "
                + "\(words.faults), available \(words.availability), recovery \(words.recovery)"
                + (row.evidence.map { ", evidence \($0)" } ?? ""))
    }
}
