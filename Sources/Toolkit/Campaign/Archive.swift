import Checking
import ClusterProtocol
import History
import JSONText
import Matrix
public import Reporting
import SystemCalls

/// What to archive: a history that exists already, with the run id it belongs to
/// (validation.md 13, `archive-*`). Nothing checks that the two belong together.
public struct ArchiveOptions: Sendable {
    public var runID: String
    /// A record of ours, or text version 1.
    public var historyFile: String
    public var outputRoot: String
    /// A local cluster's workspace, whose layout and daemon logs are taken along.
    public var workspace: String?
    public var commandLine: [String]
    public var toolVersion: String

    public init(
        runID: String, historyFile: String, outputRoot: String, workspace: String? = nil,
        commandLine: [String] = [], toolVersion: String
    ) {
        self.runID = runID
        self.historyFile = historyFile
        self.outputRoot = outputRoot
        self.workspace = workspace
        self.commandLine = commandLine
        self.toolVersion = toolVersion
    }
}

public struct ArchiveResult: Sendable {
    public let bundlePath: String
    /// The reference's words about the history as text version 1, which `analysis.txt` holds.
    public let analysisText: String
    /// Whether the gate is open: the judge's word for a record of ours, the reference analysis
    /// for a text.
    public let verdict: RunResult.Verdict
    public let remarks: [String]

    /// The lines that the command prints. A local cluster's logs lie in the bundle as they are.
    public var text: String { "artifact_bundle=\(bundlePath)\nlocal_logs_archive=none\n" }
}

public enum ArchiveError: Error, Sendable, CustomStringConvertible {
    case unknownRunID(String)
    /// The words of the published tool.
    case history(String)
    case workspace(String)
    case bundle(BundleError)

    public var description: String {
        switch self {
        case .unknownRunID(let id): "no run `\(id)` in the matrix; `plan` lists them all"
        case .history(let text): "failed to load history: \(text)"
        case .workspace(let text): "the workspace cannot be archived: \(text)"
        case .bundle(let error): "the bundle could not be written: \(error)"
        }
    }
}

extension Campaign {
    /// Makes a bundle of an existing history. Writes no status and no event log.
    public static func archive(
        _ options: ArchiveOptions
    ) throws(ArchiveError) -> ArchiveResult {
        guard let descriptor = RunMatrix.run(id: options.runID) else {
            throw .unknownRunID(options.runID)
        }
        let history = try ArchivedHistory(options.historyFile)
        let logs = try options.workspace.map { workspace throws(ArchiveError) in
            try workspaceFiles(workspace)
        }
        do throws(BundleError) {
            var writer = try BundleWriter(outputRoot: options.outputRoot, runID: descriptor.id)
            try writer.add("history.txt", history.text)
            try writer.add("analysis.txt", text: history.report.text)
            if let record = history.record { try writer.add(Evidence.recordName, copyOf: record) }
            for file in logs ?? [] { try writer.add(file.name, copyOf: file.path) }
            let manifest = ArtifactManifest(
                runID: descriptor.id, workload: descriptor.workload.rawValue,
                nemesis: descriptor.nemesis.rawValue, createdAtMillis: writer.createdAtMillis,
                logsArchive: nil, blockerCount: UInt64(history.report.blockers.count))
            try writer.add("manifest.txt", text: manifest.text)
            try writer.finish([
                .init("run_id", .string(descriptor.id)),
                .init("verdict", .string(RunReport.word(history.verdict).word)),
                .init("history_file", .string(options.historyFile)),
                .init("tool_version", .string(options.toolVersion)),
                .init("command_line", .array(options.commandLine.map(JSONText.string))),
                .init("host", .object(HostFacts.members)),
            ])
            return ArchiveResult(
                bundlePath: writer.folder, analysisText: history.report.text,
                verdict: history.verdict, remarks: history.remarks)
        } catch {
            throw .bundle(error)
        }
    }

    private static func workspaceFiles(
        _ workspace: String
    ) throws(ArchiveError) -> [(name: String, path: String)] {
        let path = Path.join(workspace, ClusterLayout.fileName)
        let layout: ClusterLayout
        do {
            let bytes = try FileSystem.read(path, limit: 1 << 20)
            layout = try ClusterLayout(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw .workspace("\(path): \(error)")
        }
        let files =
            [
                (ClusterLayout.fileName, path), (FaultState.fileName, layout.faultsPath),
                (ClusterTimeline.fileName, layout.timelinePath),
            ] + layout.replicas.map { ("replica-\($0.id).log", $0.logPath) }
        return files.filter { FileSystem.exists($0.1) }
    }
}

/// A history as an archive needs it: as text, with the reference's words about it and a verdict.
private struct ArchivedHistory {
    let text: [UInt8]
    let report: ReferenceReport
    let verdict: RunResult.Verdict
    let remarks: [String]
    /// The path of the record, when it is one of ours.
    let record: String?

    init(_ path: String) throws(ArchiveError) {
        let format: HistoryFile.Format
        do throws(HistoryFileError) {
            format = try HistoryFile.format(of: path)
        } catch {
            throw .history("\(error)")
        }
        switch format {
        case .text: try self.init(text: path)
        case .native: try self.init(record: path)
        }
    }

    private init(text path: String) throws(ArchiveError) {
        var analysis = ReferenceAnalysis()
        var writer = TextHistoryWriter()
        do throws(TextHistoryError) {
            for event in try HistoryFile.textEvents(path) {
                writer.write(event)
                analysis.add(event)
            }
        } catch {
            throw .history("\(error)")
        }
        text = writer.bytes
        report = analysis.report()
        verdict = report.isPassed ? .passed : .blocked
        remarks = ["a text history is judged by the reference analysis alone"]
        record = nil
    }

    private init(record path: String) throws(ArchiveError) {
        let run: RunRecord
        do throws(HistoryFileError) {
            run = try RunRecord(contentsOf: path)
        } catch {
            throw .history("\(error)")
        }
        let export = TextExport(run)
        var analysis = ReferenceAnalysis()
        for event in export.events { analysis.add(event) }
        text = export.text
        report = analysis.report()
        let judgement = Judge.judge(run)
        switch judgement.verdict {
        case .passed: verdict = .passed
        case .blocked: verdict = .blocked
        case .unknown(let reason): verdict = .unknown(reason: reason)
        }
        remarks =
            judgement.findings.map { "\($0.code.rawValue): \($0.explanation)" }
            + (run.isComplete ? [] : ["the record was cut off"])
        record = path
    }
}
