import Campaign
import JSONText
import Terminal
import TestSupport
import Testing

@testable import allocdb_jepsen

@Suite("what a run shows")
struct RunDisplayTests {
    static let plain = Terminal(isInteractive: false, hasColour: false, width: 80)
    static let window = Terminal(isInteractive: true, hasColour: false, width: 80)
    static let coloured = Terminal(isInteractive: true, hasColour: true, width: 80)

    static func snapshot(
        _ phase: RunSnapshot.Phase, at elapsed: Duration, fault: String? = nil
    ) -> RunSnapshot {
        var snapshot = RunSnapshot(runID: "reservation_contention-crash-restart")
        snapshot.phase = phase
        snapshot.elapsed = elapsed
        snapshot.window = .seconds(60)
        snapshot.windowElapsed = .seconds(15)
        snapshot.operations = 12_345
        snapshot.operationsPerSecond = 411.6
        snapshot.ambiguous = 3
        snapshot.unresolved = 1
        snapshot.currentFault = fault
        snapshot.faultsInjected = 2
        snapshot.replicas = [
            .init(id: 1, role: "down"), .init(id: 2, role: "primary", view: 2, commitLSN: 900),
            .init(id: 3, role: "backup", view: 2, commitLSN: 899),
        ]
        return snapshot
    }

    static var passed: RunResult {
        var result = RunResult(
            runID: "reservation_contention-crash-restart", seed: 7, verdict: .passed)
        result.operations = 12_345
        result.ambiguous = 3
        result.faultsInjected = 4
        result.elapsed = .seconds(75)
        result.bundlePath = "artifacts/a"
        result.reportPath = "artifacts/a/report.md"
        result.historyPath = "artifacts/a/history.txt"
        return result
    }

    static var blocked: RunResult {
        var result = passed
        result.verdict = .blocked
        result.findings = [
            .init(
                code: "lost-write", explanation: String(repeating: "An LSN is missing. ", count: 9))
        ]
        result.remarks = ["a takeover was not possible"]
        return result
    }

    static var unknown: RunResult {
        var result = RunResult(
            runID: "x", seed: 7, verdict: .unknown(reason: "replica 1 did not start"))
        result.wasInterrupted = true
        return result
    }

    @Test("blocks, lines, JSON and results read as they did")
    func snapshots() throws {
        let busy = Self.snapshot(.working, at: .seconds(20), fault: "crash replica 1 (primary)")
        var text = busy.block(on: Self.window).joined(separator: "\n") + "\n\n"
        text += busy.block(on: Self.coloured).joined(separator: "\n") + "\n\n"
        text += busy.line + "\n\n" + busy.json.compact + "\n\n"
        for result in [Self.passed, Self.blocked, Self.unknown] {
            let summary = RunSummary(result: result)
            text += summary.text(on: Self.plain) + "\n" + summary.json.compact + "\n\n"
        }
        text += RunSummary(result: Self.blocked).text(on: Self.coloured)
        try Snapshot.expect(text, matches: "run-display.txt")
    }

    @Test("a terminal gets one block that is drawn again and taken away")
    func terminal() {
        var display = RunDisplay(mode: .terminal(Self.window))
        let first = display.show(Self.snapshot(.working, at: .seconds(1)))
        let second = display.show(Self.snapshot(.working, at: .milliseconds(1200)))
        #expect(first.standardOutput.isEmpty)
        #expect(!first.standardError.hasPrefix("\u{1B}["))
        #expect(second.standardError.hasPrefix("\u{1B}[7A"))
        #expect(display.end().standardError == "\u{1B}[7A\r\u{1B}[J")
    }

    @Test("without a terminal there is a line per phase, per fault and every five seconds")
    func lines() {
        var display = RunDisplay(mode: .terminal(Self.plain))
        let steps: [(RunSnapshot, Bool)] = [
            (Self.snapshot(.preparing, at: .seconds(0)), true),
            (Self.snapshot(.preparing, at: .seconds(4)), false),
            (Self.snapshot(.working, at: .seconds(4)), true),
            (Self.snapshot(.working, at: .seconds(5), fault: "crash"), true),
            (Self.snapshot(.working, at: .seconds(9), fault: "crash"), false),
            (Self.snapshot(.working, at: .seconds(10), fault: "crash"), true),
            (Self.snapshot(.working, at: .seconds(11)), true),
        ]
        for (snapshot, isShown) in steps {
            let output = display.show(snapshot)
            #expect(output.standardOutput.isEmpty)
            #expect(!output.standardError.contains("\u{1B}"))
            #expect(!output.standardError.isEmpty == isShown, "\(snapshot.line)")
        }
        #expect(display.end() == DisplayOutput())
    }

    @Test("quiet is quiet; JSON goes to standard output, one object per line")
    func otherModes() {
        let snapshot = Self.snapshot(.working, at: .seconds(1))
        var silent = RunDisplay(mode: .silent)
        #expect(silent.show(snapshot) == DisplayOutput())
        #expect(silent.end() == DisplayOutput())
        var json = RunDisplay(mode: .json)
        let output = json.show(snapshot)
        #expect(output.standardError.isEmpty)
        #expect(output.standardOutput.hasSuffix("}\n"))
        #expect(output.standardOutput.split(separator: "\n").count == 1)
        #expect(json.show(snapshot) == DisplayOutput())
    }
}
