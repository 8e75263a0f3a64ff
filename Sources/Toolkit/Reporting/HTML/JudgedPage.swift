import Checking
public import History
import SystemCalls

extension ReportPage {
    /// The page of a history that is judged now, whatever its form. A bundle stands for the record
    /// in it, with what it holds besides. What cannot be read cannot be judged: the page says
    /// unknown, and why.
    public init(judging path: String) {
        let record = Path.join(path, "history.record")
        let isBundle = FileSystem.exists(record)
        let file = isBundle ? record : path
        do throws(HistoryFileError) {
            switch try HistoryFile.format(of: file) {
            case .native: self.init(judging: try RunRecord(contentsOf: file))
            case .text: self.init(judgingText: file)
            }
        } catch {
            self.init(unreadable: file, "\(error)")
        }
        if isBundle { BundleReport.addEvidence(of: path, to: &self) }
    }

    /// The page of a record that is judged now.
    public init(judging record: RunRecord) {
        self.init(
            facts: ReportFacts(
                Judge.judge(record), of: record.header, isComplete: record.isComplete),
            record: record)
    }

    private init(judgingText path: String) {
        do throws(TextHistoryError) {
            let file = try TextHistoryFile.read(path)
            self.init(facts: ReportFacts(file, runID: Self.name(of: path)), record: nil)
        } catch {
            let place = error.line.map { ", line \($0)" } ?? ""
            self.init(unreadable: path, "cannot read the history\(place): \(error)")
        }
    }

    private init(unreadable path: String, _ reason: String) {
        self.init(
            facts: ReportFacts(runID: Self.name(of: path), verdict: .unknown, reason: reason),
            record: nil)
    }

    private static func name(of path: String) -> String { Path.lastComponent(of: path) }
}
