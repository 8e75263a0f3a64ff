import Conducting
import JSONText
import SystemCalls
import TestSupport
import Testing

/// `replay` and `shrink` on the daemon that is broken on purpose: it forgets on a kill what it
/// answered.
@Suite("repeating and shrinking a blocked run", .serialized) struct ShrinkFlowTests {
    /// Faults that cannot make the daemon forget, around those that can.
    static let schedule = """
        version=2 seed=1 rounds=3
        round=1 pause_millis=300 pick=1 faults=1
        fault=pause target=backup at_millis=0 hold_millis=100
        round=2 pause_millis=500 pick=2 faults=2
        fault=pause target=backup at_millis=0 hold_millis=50
        fault=crash target=all at_millis=100 hold_millis=100
        round=3 pause_millis=300 pick=3 faults=1
        fault=pause target=primary at_millis=0 hold_millis=100

        """

    /// A blocked bundle of a run of four seconds.
    static func blockedBundle(_ tool: Tool) throws -> String {
        let path = Path.join(tool.root, "schedule.txt")
        try FileSystem.write(Array(schedule.utf8), to: path)
        let run = try tool.run([
            "run", "reservation_contention-crash-restart", "--fault-window", "4", "--seed", "4",
            "--schedule", path, "--replica-binary", try builtExecutable("BrokenReplica"),
            "--output-root", tool.output, "--json",
        ])
        let last = try #require(run.outputText.split(separator: "\n").last)
        let result = try JSONText(parsing: String(last))
        try #require(result["verdict"].string == "blocked", "\(run.outputText)\(run.errorText)")
        return try #require(result["bundle"].string)
    }

    @Test("a blocked run is repeated, and made as small as the fault that it takes")
    func blocked() throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            let bundle = try Self.blockedBundle(tool)
            let original = try BundleRequest(bundle: bundle)

            // The same questions and the same faults again.
            let replay = try tool.run(["replay", bundle, "--output-root", tool.output, "--json"])
            #expect(replay.status == .exited(code: 1), "\(replay.errorText)")
            let last = try #require(replay.outputText.split(separator: "\n").last)
            let again = try #require(try JSONText(parsing: String(last))["bundle"].string)
            let repeated = try BundleRequest(bundle: again)
            #expect(repeated.request.seed == original.request.seed)
            #expect(repeated.request.window == original.request.window)
            for path in [bundle, again] {
                let text = try FileSystem.read(path + "/schedule.txt", limit: 1 << 20)
                #expect(String(decoding: text, as: UTF8.self) == Self.schedule)
            }

            // Cut off by its budget, then resumed to the end.
            let first = try tool.run([
                "shrink", bundle, "--tries", "2", "--budget", "1", "--output-root", tool.output,
            ])
            #expect(first.status == .exited(code: 0), "\(first.errorText)\(first.outputText)")
            #expect(first.outputText.contains("The budget of 1 runs ended the search."))
            try Self.checkSearch(tool, bundle)
        }
    }

    static func checkSearch(_ tool: Tool, _ bundle: String) throws {
        let process = try tool.start([
            "shrink", bundle, "--tries", "2", "--budget", "40", "--output-root",
            Path.join(tool.output, "searches"),
        ])
        // Killed as soon as one run has ended; what ended is not repeated.
        var folder: CampaignFolder?
        let hasBegun = try Tool.wait {
            let searches = Path.join(tool.output, "searches")
            folder = ((try? FileSystem.list(searches)) ?? []).first.map {
                CampaignFolder(path: Path.join(searches, $0))
            }
            return folder.map { !results(in: $0).isEmpty } ?? false
        }
        try #require(hasBegun, "\(tool.log)")
        try process.killAndWait()
        let search = try #require(folder)
        let ended = results(in: search)
        let resumed = try tool.run(["shrink", "--resume", search.path])
        #expect(resumed.status == .exited(code: 0), "\(resumed.errorText)\(resumed.outputText)")
        #expect(resumed.outputText.contains("The search is complete."))
        for path in ended { #expect(results(in: search).contains(path)) }
        // Only the kill of all makes it forget, and that is what is left.
        #expect(resumed.outputText.contains("SMALLEST  1 of 3 rounds, 1 faults"))
        #expect(resumed.outputText.contains("kept:    round 2, crash on all"))
        #expect(resumed.outputText.contains("removed: round 1, pause on backup"))
        let smallest = try BundleRequest(bundle: search.path + "/smallest")
        #expect(smallest.codes.contains("lost-write"))
        #expect((smallest.request.window ?? 99) <= 4)
        #expect(tool.processes == [])
    }

    /// The results of runs that came to their end.
    static func results(in folder: CampaignFolder) -> Set<String> {
        let runs = Path.join(folder.path, "runs")
        var found: Set<String> = []
        for run in (try? FileSystem.list(runs)) ?? [] {
            for attempt in (try? FileSystem.list(Path.join(runs, run))) ?? [] {
                let path = Path.join(Path.join(runs, run), attempt)
                if CampaignFolder.outcome(in: path)?.isFinished == true { found.insert(path) }
            }
        }
        return found
    }

    @Test("what is no bundle, or has nothing to keep, is refused")
    func refused() throws {
        try withTemporaryFolder { root in
            let tool = Tool(root: root)
            for (words, message) in [
                (["replay", root], "this is no bundle that can be repeated"),
                (["shrink", root], "this is no bundle that can be repeated"),
                (["shrink"], "`BUNDLE` is missing"),
                (["shrink", "--resume", root], "is no search"),
            ] {
                let run = try tool.run(words)
                #expect(run.status == .exited(code: 254))
                #expect(run.errorText.contains(message), "\(run.errorText)")
            }
        }
    }
}
