/// The forms in which a plan is printed.
public enum PlanFormat: String, Hashable, Sendable, CaseIterable {
    case text, json, markdown, table
}

/// A list of runs, and the lanes they go to if lanes are asked for, as people and programs read
/// them.
public struct Plan: Hashable, Sendable {
    public let runs: [RunDescriptor]
    public let lanes: LanePlan?

    /// `laneCount` nil leaves lanes out of the plan.
    public init(
        runs: [RunDescriptor] = RunMatrix.all, laneCount: Int? = nil,
        estimate: RunEstimate = RunEstimate()
    ) {
        self.runs = runs
        self.lanes = laneCount.map {
            LanePlan(runs: runs, laneCount: $0, estimate: estimate)
        }
    }

    /// The plan in one of its forms, with a line feed after every line.
    public func rendered(as format: PlanFormat) -> String {
        switch format {
        case .text: text
        case .json: json
        case .markdown: markdown
        case .table: table
        }
    }

    /// One line per run, exactly as in validation.md 1.5. Lanes add one line per run below, and
    /// one for the whole.
    private var text: String {
        var lines = runs.map { run in
            "run_id=\(run.id) workload=\(run.workload.rawValue) nemesis=\(run.nemesis.rawValue)"
                + " minimum_fault_window_secs=\(PlanColumn.window(run))"
                + " release_blocking=\(run.isReleaseBlocking)"
        }
        if let lanes {
            lines += lanes.assignments.map { assignment in
                "lane=\(assignment.lane) wave=\(assignment.wave) run_id=\(assignment.run.id)"
                    + " starts_at_secs=\(assignment.start.components.seconds)"
                    + " ends_at_secs=\(assignment.end.components.seconds)"
            }
            lines.append(
                "lanes=\(lanes.laneCount) waves=\(lanes.waveCount)"
                    + " expected_wall_secs=\(lanes.expectedDuration.components.seconds)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private var markdown: String {
        let rows = cells
        var lines = [row(rows[0]), row(rows[0].map { _ in "---" })]
        lines += rows.dropFirst().map(row)
        if let summary { lines += ["", summary] }
        return lines.map { $0 + "\n" }.joined()
    }

    private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    /// Columns padded with blanks to their widest cell.
    private var table: String {
        let rows = cells
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            let padded = zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let line = padded.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        if let summary { lines += ["", summary] }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The head, then one row per run.
    private var cells: [[String]] {
        let columns = PlanColumn.run + (lanes == nil ? [] : PlanColumn.lane)
        let head = columns.map(\.title)
        let rows = runs.enumerated().map { index, run in
            columns.map { $0.cell(run, lanes?.assignments[index]) }
        }
        return [head] + rows
    }

    private var summary: String? {
        lanes.map { lanes in
            "\(runs.count) runs on \(lanes.laneCount) lanes in \(lanes.waveCount) waves, about "
                + PlanColumn.clock(lanes.expectedDuration) + " (h:mm:ss)"
        }
    }
}

/// The columns of the printed table.
private enum PlanColumn: CaseIterable {
    case runID, workload, nemesis, window, blocking, laneNumber, wave, start, end

    static let run: [PlanColumn] = [.runID, .workload, .nemesis, .window, .blocking]
    static let lane: [PlanColumn] = [.laneNumber, .wave, .start, .end]

    var title: String {
        switch self {
        case .runID: "run"
        case .workload: "workload"
        case .nemesis: "nemesis"
        case .window: "fault window (s)"
        case .blocking: "blocks a release"
        case .laneNumber: "lane"
        case .wave: "wave"
        case .start: "starts"
        case .end: "ends"
        }
    }

    func cell(_ run: RunDescriptor, _ assignment: LanePlan.Assignment?) -> String {
        switch self {
        case .runID: run.id
        case .workload: run.workload.rawValue
        case .nemesis: run.nemesis.rawValue
        case .window: Self.window(run)
        case .blocking: run.isReleaseBlocking ? "yes" : "no"
        case .laneNumber: assignment.map { String($0.lane) } ?? ""
        case .wave: assignment.map { String($0.wave) } ?? ""
        case .start: assignment.map { Self.clock($0.start) } ?? ""
        case .end: assignment.map { Self.clock($0.end) } ?? ""
        }
    }

    static func window(_ run: RunDescriptor) -> String {
        run.minimumFaultWindowSeconds.map { String($0) } ?? "none"
    }

    /// Hours, minutes and seconds.
    static func clock(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }
}
