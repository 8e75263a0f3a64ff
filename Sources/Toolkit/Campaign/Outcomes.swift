import Checking

/// Which ending a run has. The strongest wins: a violation, wherever it was seen; then the request
/// to stop; then whatever kept the run from its end; then what the judge says.
enum Outcomes {
    /// Findings of the judge that are listed. One lost suffix of a log can make hundreds.
    static let mostFindings = 20

    static func result(
        options: RunOptions, failure: RunFailure?, observed: [RunResult.Finding],
        judgement: Judgement?
    ) -> RunResult {
        var result = RunResult(
            runID: options.runID, seed: options.seed, verdict: .unknown(reason: "not judged"))
        result.wasInterrupted = options.interruption.isRequested
        for finding in judgement?.findings ?? [] {
            let text = RunResult.Finding(
                code: finding.code.rawValue, explanation: finding.explanation,
                events: finding.events, stage: finding.stage)
            switch finding.severity {
            case .blocks where result.findings.count < mostFindings:
                result.findings.append(text)
            case .blocks: result.unlistedFindings += 1
            // What is the reason of the verdict need not be said twice.
            case .suspicious where judgement?.verdict == .unknown(text.explanation): break
            case .suspicious:
                result.remarks.append("suspicious, \(text.code): \(text.explanation)")
            case .note: result.remarks.append("\(text.code): \(text.explanation)")
            }
        }
        if result.unlistedFindings > 0 {
            result.remarks.append(
                "\(result.unlistedFindings) further findings are not listed; `analyze` on the "
                    + "record shows all")
        }
        result.findings += observed
        result.verdict = verdict(result, failure, judgement)
        if case .blocked = result.verdict, let failure {
            result.remarks.append("the run also ended early: \(failure)")
        }
        return result
    }

    private static func verdict(
        _ result: RunResult, _ failure: RunFailure?, _ judgement: Judgement?
    ) -> RunResult.Verdict {
        if !result.findings.isEmpty { return .blocked }
        if result.wasInterrupted { return .interrupted }
        if let failure { return .unknown(reason: "\(failure)") }
        guard let judgement else { return .unknown(reason: "there is no record to judge") }
        return switch judgement.verdict {
        case .passed: .passed
        case .unknown(let reason): .unknown(reason: reason)
        // Without a finding to show, nothing is claimed.
        case .blocked: .unknown(reason: "the judge blocked the run without naming a finding")
        }
    }
}
