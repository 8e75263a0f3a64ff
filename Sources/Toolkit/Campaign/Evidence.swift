import Checking
import ClusterProtocol
import History
import JSONText
import Matrix
import Nemesis
import Reporting
import SystemCalls
import Testbed
import Workload

/// Everything a run leaves behind: status files while it goes on, and a bundle that holds the
/// record from its first event on, so that a killed tool leaves what it had.
struct Evidence {
    static let recordName = "history.record"
    static let scheduleName = "schedule.txt"

    let options: RunOptions
    let descriptor: RunDescriptor
    let window: Duration
    let schedule: NemesisSchedule
    var remarks: [String] = []
    /// What the replicas said of themselves, for the bundle.
    var observations: [ReplicaObservation] = []
    private var tracker: RunTracker
    private var writer: BundleWriter
    private var hasRecord = false
    private var lastNoted: (at: Instant, sequence: UInt64)?
    private var statistics: JudgementStatistics?
    private var figures: RunFigures?
    private var record: RunRecord?

    init(
        _ options: RunOptions, _ descriptor: RunDescriptor, window: Duration,
        schedule: NemesisSchedule
    ) throws(RunFailure) {
        self.options = options
        self.descriptor = descriptor
        self.window = window
        self.schedule = schedule
        do throws(SystemError) {
            tracker = try RunTracker(
                outputRoot: options.outputRoot, backend: options.testbed.rawValue,
                runID: descriptor.id,
                faultWindowSeconds: descriptor.isControl
                    ? nil : UInt64(max(0, window.components.seconds)))
        } catch {
            throw .files(error)
        }
        do throws(BundleError) {
            writer = try BundleWriter(outputRoot: options.outputRoot, runID: descriptor.id)
            try writer.add(Self.scheduleName, text: schedule.text)
        } catch {
            throw .testbed("the bundle could not be begun: \(error)")
        }
    }

    var recordPath: String { Path.join(writer.folder, Self.recordName) }

    mutating func recorderStarted() { hasRecord = true }

    // MARK: - While the run goes on

    mutating func enter(_ phase: RunStatus.Phase, _ detail: String) throws(SystemError) {
        guard tracker.status.phase != phase || tracker.status.detail != detail else { return }
        try tracker.enter(phase, detail)
    }

    /// At most once a second: the status file is synced each time.
    mutating func recorded(_ sequence: UInt64) throws(SystemError) {
        let now = Instant.now
        if let lastNoted, now - lastNoted.at < .seconds(1) || lastNoted.sequence == sequence {
            return
        }
        lastNoted = (now, sequence)
        try tracker.recorded(sequence)
    }

    /// Takes the testbed's files before it removes them.
    mutating func collect(_ testbed: any Testbed) {
        for file in testbed.evidence() {
            do throws(BundleError) {
                try writer.add(file.name, copyOf: file.path)
            } catch {
                remarks.append("\(file.name) could not be kept: \(error)")
            }
        }
    }

    // MARK: - The verdict's ground

    /// Judges the record as it lies on disk, so that what is judged is what is kept. Nil when
    /// there is none.
    mutating func judge() -> Judgement? {
        guard hasRecord else { return nil }
        let record: RunRecord
        do throws(HistoryFileError) {
            record = try RunRecord(contentsOf: recordPath)
        } catch {
            remarks.append("the record could not be read back: \(error)")
            return nil
        }
        attempt(Self.recordName) { writer throws(BundleError) in
            try writer.addExisting(Self.recordName)
        }
        let export = TextExport(record)
        for (reason, count) in export.omitted.sorted(by: { $0.key < $1.key }) {
            remarks.append("history.txt leaves out \(count) attempts: \(reason.rawValue)")
        }
        addText(export)
        figures = RunFigures(record)
        let judgement = Judge.judge(record)
        statistics = judgement.statistics
        self.record = record
        return judgement
    }

    private mutating func addText(_ export: TextExport) {
        let text = export.text
        var analysis = ReferenceAnalysis()
        for event in export.events { analysis.add(event) }
        let report = analysis.report()
        attempt("history.txt") { writer throws(BundleError) in
            try writer.add("history.txt", text)
        }
        attempt("analysis.txt") { writer throws(BundleError) in
            try writer.add("analysis.txt", text: report.text)
        }
        let path = Path.join(
            options.outputRoot, "\(RunTracker.sanitised(descriptor.id))-history.txt")
        do throws(SystemError) {
            try FileSystem.write(text, to: path)
        } catch {
            remarks.append("\(path) could not be written: \(error)")
        }
    }

    private mutating func attempt(
        _ name: String, _ body: (inout BundleWriter) throws(BundleError) -> Void
    ) {
        do throws(BundleError) {
            try body(&writer)
        } catch {
            remarks.append("\(name) could not be kept: \(error)")
        }
    }

    // MARK: - The bundle

    /// Completes the bundle and the status file, and says in the result where things are.
    mutating func bundle(_ result: inout RunResult, judgement: Judgement?, failure: String?) {
        do throws(SystemError) {
            try enter(.archiving, "collecting logs and artifacts")
        } catch {
            remarks.append("the status files could not be written: \(error)")
        }
        let manifest = ArtifactManifest(
            runID: descriptor.id, workload: descriptor.workload.rawValue,
            nemesis: descriptor.nemesis.rawValue, createdAtMillis: writer.createdAtMillis,
            logsArchive: nil, blockerCount: UInt64(result.findings.count))
        attempt("manifest.txt") { writer throws(BundleError) in
            try writer.add("manifest.txt", text: manifest.text)
        }
        result.figures = figures
        result.gateObstacles = GateEvidence.obstacles(descriptor, options, window: window)
        result.bundlePath = writer.folder
        result.historyPath = hasRecord ? recordPath : nil
        result.reportPath = Path.join(writer.folder, "report.md")
        let report = RunReport(
            result: result, descriptor: descriptor, options: options, window: window,
            schedule: schedule, statistics: statistics)
        attempt("report.md") { writer throws(BundleError) in
            try writer.add("report.md", text: report.text)
        }
        let facts = facts(result)
        addPage(facts)
        let page = Path.join(writer.folder, ReportPage.fileName)
        if FileSystem.exists(page) { result.reportPath = page }
        do throws(BundleError) {
            try writer.finish(facts)
        } catch {
            result.remarks.append("the bundle's manifest could not be written: \(error)")
        }
        for remark in remarks where !result.remarks.contains(remark) {
            result.remarks.append(remark)
        }
        finishTracking(result, failure)
    }

    /// The page is made from what the manifest will say, so that `report` can make it again.
    private mutating func addPage(_ members: [JSONText.Member]) {
        attempt(ReplicaObservations.fileName) { [observations] writer throws(BundleError) in
            try writer.add(
                ReplicaObservations.fileName, text: ReplicaObservations.text(observations))
        }
        guard let facts = ReportFacts(manifest: .object(members)) else { return }
        let page = ReportPage(
            facts: facts, record: record, observations: observations, schedule: schedule.text)
        attempt(ReportPage.fileName) { writer throws(BundleError) in try writer.add(page) }
    }

    private mutating func finishTracking(_ result: RunResult, _ failure: String?) {
        do throws(SystemError) {
            switch result.verdict {
            case .passed, .blocked:
                try tracker.complete(
                    passed: result.verdict == .passed, blockers: UInt64(result.findings.count),
                    historyFile: result.historyPath, bundle: result.bundlePath,
                    events: UInt64(statistics?.events ?? 0))
            case .interrupted: try tracker.fail("interrupted")
            case .unknown(let reason): try tracker.fail(failure ?? reason)
            }
        } catch {
            remarks.append("the status files could not be written: \(error)")
        }
    }

    private func facts(_ result: RunResult) -> [JSONText.Member] {
        let verdict = result.verdict
        let findings = result.findings.map { finding in
            ReportFacts.json(
                code: finding.code, explanation: finding.explanation, events: finding.events,
                stage: finding.stage)
        }
        return [
            .init("run_id", .string(descriptor.id)),
            .init("workload", .string(descriptor.workload.rawValue)),
            .init("nemesis", .string(descriptor.nemesis.rawValue)),
            .init("testbed", .string(options.testbed.rawValue)),
            .init("verdict", .string(verdict.word)),
            .init("reason", .optional(verdict.reason)),
            .init("interrupted", .bool(result.wasInterrupted)),
            .init("counts_for_gate", .bool(result.countsForGate)),
            .init("gate_obstacles", .array(result.gateObstacles.map(JSONText.string))),
            .init("findings", .array(findings)),
            .init("unlisted_findings", .number(result.unlistedFindings)),
            .init("remarks", .array(result.remarks.map(JSONText.string))),
            .init("statistics", statistics.map(ReportFacts.json) ?? .null),
            .init("operations", .number(result.operations)),
            .init("ambiguous", .number(result.ambiguous)),
            .init("faults_injected", .number(result.faultsInjected)),
            .init("fault_plan", .string(options.faults.word)),
            .init("fault_kinds", .array(schedule.kinds.sorted().map { .string($0.name) })),
            .init("tool_version", .string(options.toolVersion)),
            .init("seed", .number(options.seed)),
            .init("concurrency", .number(options.concurrency)),
            .init("rate", .number(options.rate)),
            .init("hosts", .optional(options.hostsFile)),
            .init("style", .string(options.style.rawValue)),
            .init("window_seconds", .number(RunReport.seconds(window))),
            .init("command_line", .array(options.commandLine.map(JSONText.string))),
            .init("reproduce", .string(RunReport.reproduction(options, window))),
            .init("replica_binary", replicaFacts),
            .init("host", .object(HostFacts.members)),
        ]
    }

    private var replicaFacts: JSONText {
        let path = options.replicaBinary
        let digest = BundleVerification.digest(ofFile: path)
        return .object([
            .init("path", .string(path)), .init("sha256", .optional(digest)),
        ])
    }
}

/// What the machine of a run is.
enum HostFacts {
    static var members: [JSONText.Member] {
        [
            .init("kernel", text("/proc/sys/kernel/osrelease")),
            .init("host_name", text("/proc/sys/kernel/hostname")),
            .init("load_average", text("/proc/loadavg")),
            .init("processors", .number(processors)),
            .init("memory_total", memory),
        ]
    }

    private static func text(_ path: String) -> JSONText {
        guard let bytes = try? FileSystem.read(path, limit: 4096) else { return .null }
        let text = String(decoding: bytes, as: UTF8.self)
        return .string(text.split(separator: "\n").first.map(String.init) ?? "")
    }

    private static func lines(_ path: String) -> [Substring] {
        guard let bytes = try? FileSystem.read(path, limit: 1 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private static var processors: Int {
        lines("/proc/cpuinfo").count { $0.hasPrefix("processor") }
    }

    private static var memory: JSONText {
        let line = lines("/proc/meminfo").first { $0.hasPrefix("MemTotal:") }
        guard let words = line?.split(separator: " "), words.count == 3 else { return .null }
        return .string("\(words[1]) \(words[2])")
    }
}
