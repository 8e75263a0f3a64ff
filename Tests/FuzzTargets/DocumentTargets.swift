import ClusterProtocol
import Conducting
import JSONText
import Matrix
import Nemesis
import Reporting
import YAMLText

extension FuzzTarget {
    /// Texts that people, operators and other versions of the tool write.
    static let documentTargets = [
        FuzzTarget("json", maximumBytes: 8192, json),
        FuzzTarget("yaml", yaml),
        FuzzTarget("cluster-files", maximumBytes: 8192, clusterFiles),
        FuzzTarget("schedule", schedule),
        FuzzTarget("run-status", runStatus),
    ]

    /// JSON values, and what manifests, results and plans are made of.
    private static func json(_ bytes: [UInt8]) throws {
        guard let value = try? JSONText(parsing: bytes) else { return }
        try expectSame(
            try JSONText(parsing: value.compact), value, "a value on one line is the same")
        try expectSame(
            try JSONText(parsing: value.indented), value, "an indented value is the same")
        if let outcome = RunOutcome(value) {
            try expectSame(
                RunOutcome(outcome.json)?.json, outcome.json, "a result written again is the same")
        }
        if let facts = ReportFacts(manifest: value) {
            let members = [.init("run_id", .string(facts.runID))] + facts.conclusions
            try expectSame(
                ReportFacts(manifest: .object(members))?.conclusions, facts.conclusions,
                "a manifest's conclusions written again are the same")
        }
        if let plan = ShrinkPlan(value) {
            try expectSame(ShrinkPlan(plan.json), plan, "a plan written again is the same")
        }
    }

    private static func yaml(_ bytes: [UInt8]) throws {
        let node = try? YAMLText.parse(bytes)
        let vocabulary = MatrixVocabulary(
            testbeds: ["local", "namespaces"], styles: ["concurrent", "scripted"],
            faults: ["crash", "pause"])
        guard let matrix = try? MatrixFile(bytes, file: "m.yaml", vocabulary: vocabulary) else {
            return
        }
        try expect(node != nil, "a matrix is YAML")
        let count = matrix.runs.reduce(0) { $0 + $1.count }
        try expect(count <= MatrixFile.mostRuns, "\(count) runs are too many for a matrix")
    }

    private static func clusterFiles(_ bytes: [UInt8]) throws {
        guard let input = ChosenInput(bytes, of: 3) else { return }
        switch input.choice {
        case 0:
            guard let layout = try? ClusterLayout(text: input.text) else { return }
            try expectSame(
                try ClusterLayout(text: try layout.encoded()), layout,
                "a layout written again is the same")
        case 1:
            guard let faults = try? FaultState(text: input.text) else { return }
            try expectSame(
                try FaultState(text: faults.text), faults, "marks written again are the same")
        default:
            guard let timeline = try? ClusterTimeline(text: input.text) else { return }
            try expectSame(
                try ClusterTimeline(text: timeline.text), timeline,
                "a timeline written again is the same")
        }
    }

    private static func schedule(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let schedule = try? NemesisSchedule(text: text) else { return }
        try expectSame(
            try NemesisSchedule(text: schedule.text), schedule,
            "a schedule written again is the same")
    }

    private static func runStatus(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.unicodeScalars.split(separator: "\n") {
            guard let entry = EventLogLine(line: String(line)) else { continue }
            try expectSame(
                EventLogLine(line: String(entry.text.unicodeScalars.dropLast())), entry,
                "a line of the event log written again is the same")
        }
        guard let status = try? RunStatus(text: text) else { return }
        try expectSame(
            try RunStatus(text: status.text), status, "a status written again is the same")
    }
}
