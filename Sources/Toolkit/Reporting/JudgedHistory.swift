public import Checking
public import History
public import Interchange
public import SystemCalls

/// One history that was judged now, whatever its form, with what it takes to show that.
public struct JudgedHistory: Sendable {
    /// A finding with the places of its operations in the file.
    public struct Finding: Hashable, Sendable {
        public let code: FindingCode
        public let severity: Checking.Finding.Severity
        public let stage: Checking.Finding.Stage
        /// In the order of the explanation.
        public let operations: [FindingPlace]
        /// Their events, where the history has them.
        public let events: [Sequence]
        public let explanation: String
    }

    /// The file; of a bundle the record in it.
    public let path: String
    /// Nil for what cannot be read.
    public private(set) var form: HistoryForm?
    public private(set) var verdict = Judgement.Verdict.unknown("not judged")
    /// Why *passed* says less than it does of a record.
    public private(set) var limitation: String?
    public private(set) var findings: [Finding] = []
    /// Promises that were not looked at on request.
    public private(set) var leftOut: [FindingCode] = []
    public private(set) var notes: [String] = []
    public private(set) var counts: [(name: String, count: UInt64)] = []
    /// The events, if they were to be kept and are not a text's.
    public private(set) var record: RunRecord?
    public private(set) var judgement: Judgement?
    /// Of JSON lines and EDN: the line of each event, in the order of the record.
    private var lines: [Int] = []

    /// Reads and judges. A bundle stands for the record in it. What cannot be read cannot be
    /// judged: unknown, with the reason. Up to `jobs` threads read. Where the events need not be
    /// kept, a native record is judged while it is read, if it can be.
    public init(
        of given: String, by selection: PromiseSelection = .all, jobs: Int = Processors.count,
        keepsEvents: Bool = true
    ) {
        path = Self.file(of: given)
        leftOut = selection.leftOut
        do throws(InterchangeError) {
            let form = try HistoryForm.of(path)
            self.form = form
            switch form {
            case .text: judgeText(selection)
            case .record where !keepsEvents: try judgeWhileReading(selection, jobs: jobs)
            case .record, .jsonLines, .edn: try judgeRecord(form, selection, jobs: jobs)
            }
        } catch {
            form = nil
            verdict = .unknown("\(error)")
        }
        if !keepsEvents {
            record = nil
            lines = []
        }
    }

    static func file(of given: String) -> String {
        let record = Path.join(given, "history.record")
        return FileSystem.exists(record) ? record : given
    }

    /// The lines of these events, for forms that have lines.
    public func lines(of events: [Sequence]) -> [Sequence: Int] {
        guard !lines.isEmpty, let record else { return [:] }
        let wanted = Set(events)
        var found: [Sequence: Int] = [:]
        for (event, line) in zip(record.events, lines) where wanted.contains(event.sequence) {
            found[event.sequence] = line
        }
        return found
    }
}

extension JudgedHistory {
    private mutating func judgeRecord(
        _ form: HistoryForm, _ selection: PromiseSelection, jobs: Int
    ) throws(InterchangeError) {
        let record = try read(form, jobs: jobs)
        take(
            Judge.judge(record, by: selection), of: record, record.header,
            isComplete: record.isComplete)
    }

    private mutating func judgeWhileReading(
        _ selection: PromiseSelection, jobs: Int
    ) throws(InterchangeError) {
        do throws(HistoryFileError) {
            let judged = try Judge.judge(contentsOf: path, by: selection, jobs: jobs)
            take(
                judged.judgement,
                of: judged.events ?? RunRecord(header: judged.header, events: []),
                judged.header, isComplete: judged.isComplete)
        } catch {
            throw .record(error)
        }
    }

    /// `record` holds the events of the findings.
    private mutating func take(
        _ judgement: Judgement, of record: RunRecord, _ header: RunHeader, isComplete: Bool
    ) {
        self.record = record
        self.judgement = judgement
        verdict = judgement.verdict
        let places = FindingPlace.places(
            of: judgement.findings.flatMap(\.events), in: record,
            lines: lines(of: judgement.findings.flatMap(\.events)))
        findings = judgement.findings.map { finding in
            Finding(
                code: finding.code, severity: finding.severity, stage: finding.stage,
                operations: finding.events.compactMap { places[$0] }, events: finding.events,
                explanation: finding.explanation)
        }
        if !isComplete {
            notes.append(
                "The record was cut off: it ends without the mark of a finished recording. What "
                    + "was asked and not answered in it counts as ambiguous.")
        }
        notes.append("run \(header.runID), seed \(header.seed)")
        let statistics = judgement.statistics
        counts = [
            ("events", statistics.events), ("attempts", statistics.attempts),
            ("logical commands", statistics.logicalCommands),
            ("committed", statistics.committed), ("refused", statistics.refused),
            ("reads", statistics.reads), ("definite failures", statistics.definiteFailures),
            ("ambiguous", statistics.ambiguousAttempts),
            ("ambiguous and unresolved", statistics.unresolvedAmbiguities),
        ].map { (name: $0.0, count: UInt64($0.1)) }
    }

    private mutating func read(
        _ form: HistoryForm, jobs: Int
    ) throws(InterchangeError) -> RunRecord {
        if form == .record {
            do throws(HistoryFileError) {
                return try RunRecord(contentsOf: path, jobs: jobs)
            } catch {
                throw .record(error)
            }
        }
        var input = try RecordInput(path: path)
        var events: [HistoryEvent] = []
        while let event = try input.next() {
            events.append(event)
            lines.append(input.line ?? 0)
        }
        return RunRecord(header: input.header, events: events, isComplete: input.isWhole)
    }

    private mutating func judgeText(_ selection: PromiseSelection) {
        let file: TextHistoryFile
        do throws(TextHistoryError) {
            file = try TextHistoryFile.read(path)
        } catch {
            let place = error.line.map { ", line \($0)" } ?? ""
            verdict = .unknown("cannot read the history\(place): \(error)")
            return
        }
        let kept = file.findings.filter { !selection.leftOut.contains($0.code) }
        findings = kept.map { finding in
            Finding(
                code: finding.code, severity: finding.severity, stage: finding.stage,
                operations: finding.lines.map { FindingPlace(.line($0), words: nil) }, events: [],
                explanation: finding.explanation)
        }
        counts = [
            (name: "events", count: UInt64(file.events)),
            (name: "logical commands", count: UInt64(file.report.commandCount)),
            (name: "committed", count: UInt64(file.committedWrites)),
        ]
        notes.append(ReportFacts.textRemark)
        verdict = TextHistoryFile.verdict(of: kept, committedWrites: file.committedWrites)
        if verdict == .passed {
            limitation = "as far as a text tells"
            let hidden = file.findings.count - kept.count
            if let shortcoming = selection.shortcoming(hidden: hidden) {
                verdict = .unknown(shortcoming)
            }
        }
    }
}
