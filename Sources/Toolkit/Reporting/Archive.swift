public import Checking
public import History
public import JSONText
public import Matrix
import SystemCalls

/// Makes a bundle of a history that lies there already (validation.md 13, `archive`): judges it
/// and keeps it with everything a cluster's workspace still holds. Writes no status or event file.
public struct Archive: Sendable {
    public var run: RunDescriptor
    public var historyPath: String
    /// The cluster's workspace; its layout, files and logs go into the bundle.
    public var workspace: String?
    public var outputRoot: String

    public init(
        run: RunDescriptor, historyPath: String, workspace: String?, outputRoot: String
    ) {
        self.run = run
        self.historyPath = historyPath
        self.workspace = workspace
        self.outputRoot = outputRoot
    }

    /// Why there is no bundle.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case record(HistoryFileError)
        case text(TextHistoryError)
        /// The record names another run than the one asked for.
        case otherRun(recorded: String, asked: String)
        case bundle(BundleError)

        public var description: String {
            switch self {
            case .record(let error): "failed to load history: \(error)"
            case .text(let error): "failed to load history: \(error)"
            case .otherRun(let recorded, let asked):
                "the history is a record of run `\(recorded)`, not of `\(asked)`"
            case .bundle(let error): "the bundle could not be written: \(error)"
            }
        }
    }

    /// What was made.
    public struct Made: Sendable {
        public let bundle: String
        public let verdict: Judgement.Verdict
    }

    /// What a workspace of `allocdb-local-cluster` holds that is worth keeping, as far as it is
    /// there (cluster-runner.md 2).
    static let workspaceFiles =
        ["cluster-layout.txt", "cluster-faults.txt", "cluster-timeline.log"]
        + (1...3).map { "logs/replica-\($0).log" }

    /// Reads, judges and writes. `facts` go into the manifest.
    public func make(_ facts: [JSONText.Member]) throws(Failure) -> Made {
        let content = try load()
        do throws(BundleError) {
            return try write(content, facts)
        } catch {
            throw .bundle(error)
        }
    }

    private struct Content {
        /// Nil when the history is a text.
        var record: RunRecord?
        var facts: ReportFacts
        var text: [UInt8]
        var report: ReferenceReport
        var verdict: Judgement.Verdict
    }

    private func load() throws(Failure) -> Content {
        let format: HistoryFile.Format
        do throws(HistoryFileError) {
            format = try HistoryFile.format(of: historyPath)
        } catch {
            throw .record(error)
        }
        switch format {
        case .text: return try loadText()
        case .native: return try loadRecord()
        }
    }

    private func loadRecord() throws(Failure) -> Content {
        let record: RunRecord
        do throws(HistoryFileError) {
            record = try RunRecord(contentsOf: historyPath)
        } catch {
            throw .record(error)
        }
        guard record.header.runID == run.id else {
            throw .otherRun(recorded: record.header.runID, asked: run.id)
        }
        let export = TextExport(record)
        let judgement = Judge.judge(record)
        return Content(
            record: record,
            facts: ReportFacts(judgement, of: record.header, isComplete: record.isComplete),
            text: export.text, report: ReferenceAnalysis.report(on: export.events),
            verdict: judgement.verdict)
    }

    private func loadText() throws(Failure) -> Content {
        var writer = TextHistoryWriter()
        do throws(TextHistoryError) {
            let file = try TextHistoryFile.read(historyPath) { writer.write(copy $0) }
            return Content(
                record: nil, facts: ReportFacts(file, runID: run.id), text: writer.bytes,
                report: file.report, verdict: file.verdict)
        } catch {
            throw .text(error)
        }
    }

    private func write(
        _ content: Content, _ facts: [JSONText.Member]
    ) throws(BundleError) -> Made {
        var writer = try BundleWriter(outputRoot: outputRoot, runID: run.id)
        if content.record != nil { try writer.add("history.record", copyOf: historyPath) }
        try writer.add("history.txt", content.text)
        try writer.add("analysis.txt", text: content.report.text)
        if let workspace {
            for name in Self.workspaceFiles {
                let path = Path.join(workspace, name)
                guard FileSystem.exists(path) else { continue }
                try writer.add(Path.lastComponent(of: path), copyOf: path)
            }
        }
        let manifest = ArtifactManifest(
            runID: run.id, workload: run.workload.rawValue, nemesis: run.nemesis.rawValue,
            createdAtMillis: writer.createdAtMillis, logsArchive: nil,
            blockerCount: UInt64(content.report.blockers.count))
        try writer.add("manifest.txt", text: manifest.text)
        let members: [JSONText.Member] =
            [
                .init("run_id", .string(run.id)), .init("workload", .string(run.workload.rawValue)),
                .init("nemesis", .string(run.nemesis.rawValue)),
            ] + content.facts.conclusions + [.init("archived_from", .string(historyPath))] + facts
        if let facts = ReportFacts(manifest: .object(members)) {
            try writer.add(ReportPage(facts: facts, record: content.record))
        }
        try writer.finish(members)
        return Made(bundle: writer.folder, verdict: content.verdict)
    }
}
