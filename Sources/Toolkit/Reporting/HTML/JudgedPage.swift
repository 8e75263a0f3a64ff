public import Checking
public import History
import SystemCalls

extension ReportPage {
    /// The page of a history that was judged now. A bundle stands for the record in it, with what
    /// it holds besides. What cannot be read cannot be judged: the page says unknown, and why.
    ///
    /// `given` is how the history was named.
    public init(_ history: JudgedHistory, given: String) {
        let name = Path.lastComponent(of: history.path)
        if let record = history.record, let judgement = history.judgement {
            var facts = ReportFacts(judgement, of: record.header, isComplete: record.isComplete)
            for index in facts.findings.indices {
                let lines = history.lines(of: facts.findings[index].events)
                facts.findings[index].lines = facts.findings[index].events.compactMap { lines[$0] }
            }
            self.init(facts: facts, record: record)
        } else {
            self.init(facts: ReportFacts(history, runID: name), record: nil)
        }
        if given != history.path { BundleReport.addEvidence(of: given, to: &self) }
    }

    /// The page of a history that is judged now, whatever its form.
    public init(judging path: String, by selection: PromiseSelection = .all) {
        self.init(JudgedHistory(of: path, by: selection), given: path)
    }

    /// The page of a record that is judged now.
    public init(judging record: RunRecord) {
        self.init(
            facts: ReportFacts(
                Judge.judge(record), of: record.header, isComplete: record.isComplete),
            record: record)
    }
}
