import Conducting
import JSONText
import Terminal
import TestSupport
import Testing

@testable import allocdb_jepsen

@Suite("what a campaign shows")
struct CampaignDisplayTests {
    static let request = RunRequest(
        number: 2, runID: "lease_safety-crash-restart", testbed: "local", window: 60, rate: 400,
        concurrency: 5, seed: 7)

    /// A worker's line, as `run --json` prints it.
    static func line(_ phase: String) -> JSONText {
        .object([
            "event": .string("progress"), "run_id": .string(request.runID),
            "phase": .string(phase), "elapsed_secs": .number(17.5),
            "window_elapsed_secs": .number(15.0), "window_secs": .number(60.0),
            "operations": .number(1234), "ambiguous": .number(2),
            "current_fault": .string("crash replica 1 (primary)"), "findings": .number(0),
            "replicas": .array([.object(["id": .number(1), "role": .string("down")])]),
        ])
    }

    static var outcome: RunOutcome {
        var outcome = RunOutcome(.blocked)
        outcome.operations = 4321
        outcome.faults = 4
        outcome.findings = [.init(code: "lost-write", explanation: "It is gone.")]
        outcome.gateObstacles = ["its window is short"]
        return outcome
    }

    static var events: [CampaignEvent] {
        var snapshot = CampaignSnapshot(name: "smoke", total: 17, lanes: 2)
        snapshot.elapsed = .seconds(75)
        var progress = LaneProgress(request)
        progress.take(line("working"))
        snapshot.lanes[0] = progress
        snapshot.ended = ["passed": 3, "blocked": 1]
        return [
            .began(request, lane: 1, attempt: "runs/002/attempt-1"),
            .line(request, lane: 1, line("working")), .line(request, lane: 1, line("working")),
            .line(request, lane: 1, line("healing")), .moment(snapshot),
            .ended(request, lane: 1, outcome, attempt: "runs/002/attempt-1"), .moment(snapshot),
        ]
    }

    static let modes: [(name: String, mode: RunDisplay.Mode)] = [
        ("plain", .terminal(RunDisplayTests.plain)), ("window", .terminal(RunDisplayTests.window)),
        ("coloured", .terminal(RunDisplayTests.coloured)), ("json", .json), ("silent", .silent),
    ]

    @Test("one line per lane on a terminal, lines elsewhere, objects for programs")
    func everything() throws {
        var text = ""
        for (name, mode) in Self.modes {
            var display = CampaignDisplay(mode: mode)
            text += "=== \(name)\n"
            for event in Self.events {
                let output = display.show(event)
                text += output.standardOutput + output.standardError
            }
            text += display.end().standardError
        }
        try Snapshot.expect(
            text.replacing("\u{1B}", with: "^["), matches: "campaign-display.txt")
    }
}
