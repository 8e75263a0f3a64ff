import Conducting
import SystemCalls
import TestSupport
import Testing

/// The worker here is a script: what hangs in earnest is the tool itself, and that it must not.
@Suite("a run that hangs holds up nothing for ever")
struct HangTests {
    static let limits = HangLimits(grace: .milliseconds(200), lastGrace: .milliseconds(700))

    /// Carries out two runs on one lane, the first of which does as `script` says; the second
    /// leaves a result at once.
    static func outcomes(_ script: String) throws -> [RunOutcome] {
        try withTemporaryFolder { root in
            var left: [String: String] = [:]
            for outcome in [RunOutcome(.passed), RunOutcome(.interrupted)] {
                let folder = Path.join(root, outcome.verdict.word)
                try FileSystem.createFolders(folder)
                try CampaignFolder.write(outcome, in: folder)
                left[outcome.verdict.word] = folder
            }
            let worker = Path.join(root, "worker")
            try FileSystem.write(
                Array(
                    """
                    #!/bin/sh
                    leave() { cp "\(root)/$1/"* "$(dirname "$2")"; }
                    case "$2" in
                    */second/*) leave passed "$2"; exit 0 ;;
                    esac
                    echo $$ > "\(root)/pid"
                    \(script)
                    """.utf8), to: worker)
            _ = try CapturedRun("chmod", ["+x", worker], until: .after(.seconds(5)))
            var requests = LaneScheduleTests.requests([
                "reservation_contention-control", "lease_safety-control",
            ])
            for index in requests.indices { requests[index].window = 0 }
            var ended: [RunOutcome] = []
            let conductor = Conductor(
                executable: worker, lanes: 1, replicaBinary: "/bin/false", commandLine: [],
                hangLimits: limits, isInterrupted: { false },
                tell: { event in
                    if case .ended(_, _, let outcome, _) = event { ended.append(outcome) }
                })
            try conductor.carryOut(requests, name: "hang") { request throws(SystemError) in
                let folder = Path.join(root, request.number == 1 ? "first/a" : "second/a")
                try FileSystem.createFolders(folder)
                return folder
            }
            let pid = String(
                decoding: try FileSystem.read(Path.join(root, "pid"), limit: 100), as: UTF8.self)
            let number = try #require(Int32(pid.prefix { $0.isNumber }))
            #expect(Processes.startTime(of: number) == nil, "\(number) still runs")
            let written = CampaignFolder.outcome(in: Path.join(root, "first/a"))
            #expect(written?.verdict == ended.first?.verdict)
            return ended
        }
    }

    @Test("asked to end, it leaves what it has: undecided, and not to be repeated")
    func obeys() throws {
        let outcomes = try Self.outcomes(
            #"trap 'leave interrupted "$2"; exit 130' INT; while :; do sleep 0.02; done"#)
        #expect(
            outcomes.map(\.verdict) == [
                .unknown(reason: "the run took far longer than its window"), .passed,
            ])
        #expect(!outcomes.contains { !$0.isFinished })
    }

    @Test("deaf to that, it is killed, and the result says so")
    func ignores() throws {
        let outcomes = try Self.outcomes("trap '' INT; while :; do sleep 0.02; done")
        #expect(outcomes.count == 2)
        guard case .unknown(let reason) = outcomes.first?.verdict else {
            return #expect(Bool(false), "\(outcomes)")
        }
        #expect(reason.contains("did not end when asked, and was killed"))
        #expect(outcomes.last?.verdict == .passed)
    }
}
