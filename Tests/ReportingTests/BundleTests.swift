import DurableFiles
import JSONText
import Reporting
import SystemCalls
import TestSupport
import Testing

@Suite struct BundleTests {
    static func bundle(in root: String) throws -> String {
        var writer = try BundleWriter(outputRoot: root, runID: "some-run")
        try writer.add("history.txt", text: "version=1\n")
        try FileSystem.write([1, 2, 3], to: Path.join(writer.folder, "history.record"))
        try writer.addExisting("history.record")
        try FileSystem.write(Array("log\n".utf8), to: Path.join(root, "replica-1.log"))
        try writer.add("replica-1.log", copyOf: Path.join(root, "replica-1.log"))
        try writer.finish([.init("seed", .number(7))])
        return writer.folder
    }

    @Test("a bundle that was not touched verifies")
    func intact() throws {
        try withTemporaryFolder { root in
            let folder = try Self.bundle(in: root)
            #expect(BundleVerification.problems(of: folder) == [])
        }
    }

    @Test("any change to a bundle is noticed and named")
    func damaged() throws {
        let damages: [(String, (String) throws -> Void)] = [
            ("history.txt", { try FileSystem.write([65], to: Path.join($0, "history.txt")) }),
            (
                "history.record",
                { try FileSystem.write([1, 2, 4], to: Path.join($0, "history.record")) }
            ),
            ("replica-1.log", { _ = try FileSystem.removeFile(Path.join($0, "replica-1.log")) }),
            ("extra", { try FileSystem.write([1], to: Path.join($0, "extra")) }),
            ("manifest.json", { _ = try FileSystem.removeFile(Path.join($0, "manifest.json")) }),
            ("manifest.json", { try FileSystem.write([], to: Path.join($0, "manifest.json")) }),
        ]
        for (name, damage) in damages {
            try withTemporaryFolder { root in
                let folder = try Self.bundle(in: root)
                try damage(folder)
                let problems = BundleVerification.problems(of: folder)
                #expect(problems.count == 1, "\(name)")
                #expect(problems.first?.hasPrefix(name) == true, "\(problems)")
            }
        }
    }

    @Test("a tracker keeps the run's own status, the latest pointer and the log in step")
    func tracker() throws {
        try withTemporaryFolder { root in
            var tracker = try RunTracker(
                outputRoot: root, backend: "local", runID: "a run", faultWindowSeconds: 5)
            try tracker.enter(.executing, "executing Jepsen scenario")
            try tracker.recorded(12)
            try tracker.fail("first\nsecond")
            let own = try FileSystem.read(Path.join(root, "a_run-status.txt"), limit: 1 << 16)
            let latest = try FileSystem.read(Path.join(root, RunTracker.latestName), limit: 1 << 16)
            #expect(own == latest)
            let status = try RunStatus(text: String(decoding: own, as: UTF8.self))
            #expect(status.phase == .executing)
            #expect(status.state == .failed)
            #expect(status.lastError == "first\nsecond")
            #expect(status.historyEvents == 12)
            let log = try FileSystem.read(Path.join(root, "a_run-events.log"), limit: 1 << 16)
            let lines = String(decoding: log, as: UTF8.self).split(separator: "\n")
                .compactMap { EventLogLine(line: $0)?.detail }
            #expect(
                lines == [
                    "run initialized", "executing Jepsen scenario", "history sequence=12",
                    "error: first\nsecond",
                ])
            // Nothing temporary stays.
            #expect(try FileSystem.list(root).count == 3)
        }
    }

    @Test(
        "run ids become file names by the published rule",
        arguments: [
            ("a-b_C9", "a-b_C9"), ("a b/c", "a_b_c"), ("", "run"), ("ü", "_"), ("../x", "___x"),
        ])
    func sanitising(id: String, expected: String) {
        #expect(RunTracker.sanitised(id) == expected)
    }
}
