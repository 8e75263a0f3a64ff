public import JSONText
import Matrix
import SystemCalls

/// What came out of a campaign: one row per run, in the plan's order.
public struct CampaignSummary: Hashable, Sendable {
    public struct Row: Hashable, Sendable {
        public let request: RunRequest
        /// Nil when the run did not begin, or left nothing.
        public let outcome: RunOutcome?
        /// The folder of the attempt that says so, relative to the campaign's.
        public let attempt: String?
        /// The report inside the bundle, if the run got that far.
        public let report: String?

        public init(
            request: RunRequest, outcome: RunOutcome?, attempt: String?, report: String?
        ) {
            self.request = request
            self.outcome = outcome
            self.attempt = attempt
            self.report = report
        }

        /// The word of the verdict; `not run` without one.
        public var word: String { outcome?.verdict.word ?? "not run" }

        /// The run's report, or at least its bundle, relative to the campaign's folder.
        public var evidence: String? {
            guard let attempt, let bundle = outcome?.bundle else { return nil }
            return "\(attempt)/\(bundle)" + (report.map { "/\($0)" } ?? "")
        }
    }

    /// The whole campaign in one word, worst first.
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        case interrupted, blocked, unknown, passed
    }

    public let plan: CampaignPlan
    public let rows: [Row]
    public let wasInterrupted: Bool
    public let toolVersion: String

    /// What a reader would open first.
    static let reports = ["report.html", "report.md"]

    public init(
        _ plan: CampaignPlan, in folder: CampaignFolder, wasInterrupted: Bool, toolVersion: String
    ) {
        self.plan = plan
        self.wasInterrupted = wasInterrupted
        self.toolVersion = toolVersion
        rows = plan.requests.map { request in
            guard let found = folder.outcome(of: request) else {
                return Row(request: request, outcome: nil, attempt: nil, report: nil)
            }
            let attempt = Path.lastComponent(of: found.attempt)
            let bundle = found.outcome.bundle.map { Path.join(found.attempt, $0) }
            let report = bundle.flatMap { bundle in
                Self.reports.first { FileSystem.exists(Path.join(bundle, $0)) }
            }
            return Row(
                request: request, outcome: found.outcome,
                attempt: "runs/\(request.folderName)/\(attempt)", report: report)
        }
    }

    public init(
        _ plan: CampaignPlan, rows: [Row], wasInterrupted: Bool, toolVersion: String
    ) {
        self.plan = plan
        self.rows = rows
        self.wasInterrupted = wasInterrupted
        self.toolVersion = toolVersion
    }

    /// Worst first: ended early on request; a promise broken; something that nobody can say, which
    /// includes a run that was not carried out; all passed.
    public var verdict: Verdict {
        if wasInterrupted { return .interrupted }
        let verdicts = rows.map { $0.outcome?.verdict }
        if verdicts.contains(.blocked) { return .blocked }
        return verdicts.allSatisfy { $0 == .passed } ? .passed : .unknown
    }

    /// 130 interrupted, 1 blocked, 2 unknown, 0 passed.
    public var exitCode: Int32 {
        switch verdict {
        case .interrupted: 130
        case .blocked: 1
        case .unknown: 2
        case .passed: 0
        }
    }

    /// Why this campaign does not open the release gate; empty when it does: every release-blocking
    /// run has passed at least once in a way that counts, and none is anything but passed.
    public var gateObstacles: [String] {
        var obstacles: [String] = []
        var missing = 0
        for run in RunMatrix.releaseGate {
            let own = rows.filter { $0.request.runID == run.id }
            if own.isEmpty {
                missing += 1
            } else if let bad = own.first(where: { $0.outcome?.verdict != .passed }) {
                obstacles.append("\(run.id): \(bad.word)")
            } else if !own.contains(where: { $0.outcome?.countsForGate == true }) {
                let reasons = own.first?.outcome?.gateObstacles ?? []
                obstacles.append("\(run.id): \(reasons.joined(separator: "; "))")
            }
        }
        if missing > 0 {
            obstacles.append(
                "\(missing) of \(RunMatrix.releaseGate.count) runs are not part of the campaign")
        }
        return obstacles
    }

    public var counts: [(word: String, count: Int)] {
        ["passed", "blocked", "unknown", "interrupted", "not run"].map { word in
            (word: word, count: rows.count { $0.word == word })
        }
    }

    /// `15 passed, 2 blocked`.
    public var countWords: String {
        counts.filter { $0.count > 0 }.map { "\($0.count) \($0.word)" }.joined(separator: ", ")
    }

    public static let format = "allocdb-jepsen campaign"

    /// `campaign.json`.
    public var json: JSONText {
        let obstacles = gateObstacles
        return .object([
            "format": .string(Self.format), "version": .number(1),
            "name": .string(plan.name), "seed": .number(plan.seed), "lanes": .number(plan.lanes),
            "tool_version": .string(toolVersion),
            "replica_binary": .string(plan.replicaBinary),
            "verdict": .string(verdict.rawValue), "exit_status": .number(exitCode),
            "counts": .object(
                counts.map { count in
                    let name = count.word.split(separator: " ").joined(separator: "_")
                    return .init(name, .number(count.count))
                }),
            "opens_release_gate": .bool(obstacles.isEmpty),
            "gate_obstacles": .array(obstacles.map(JSONText.string)),
            "runs": .array(rows.map(json)),
        ])
    }

    private func json(_ row: Row) -> JSONText {
        guard case .object(var members) = row.request.json else { return .null }
        if let outcome = row.outcome {
            members += outcome.members
            members.append(.init("evidence", .optional(row.evidence)))
        } else {
            members.append(.init("verdict", .string("not_run")))
        }
        return .object(members)
    }
}
