import Foundation
import History
import TestSupport
import Testing

@Suite("allocdb-jepsen archive and verify")
struct ArchiveTests {
    private let histories = Vectors.folder.appending(path: "histories").path

    private func bundle(in output: String) throws -> URL {
        let line = try #require(output.split(separator: "\n").first)
        return URL(filePath: String(line.dropFirst("artifact_bundle=".count)))
    }

    static let texts: [(name: String, status: Int32)] = [
        ("r-lease-safety-control", 0), ("b12-double-allocation", 1), ("c01-empty-file", 2),
    ]

    @Test("a text becomes a bundle that verifies; blocked ends with 1", arguments: texts)
    func text(_ row: (name: String, status: Int32)) throws {
        try withTemporaryFolder { folder in
            let logs = URL(filePath: "\(folder)/workspace/logs")
            try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
            try Data("line\n".utf8).write(to: logs.appending(path: "replica-2.log"))
            let line =
                "archive --run-id lease_safety-control --history-file "
                + "'\(histories)/\(row.name).txt' --output-root '\(folder)/out' "
                + "--workspace '\(folder)/workspace'"
            let result = CommandLineTests.run(line)
            #expect(result.status == row.status)
            #expect(result.output.hasSuffix("local_logs_archive=none\n"))
            let bundle = try bundle(in: result.output)
            let names = try FileManager.default.contentsOfDirectory(atPath: bundle.path)
            #expect(
                names.sorted() == [
                    "analysis.txt", "history.txt", "manifest.json", "manifest.txt",
                    "replica-2.log", "report.html",
                ])
            let analysis = try Data(contentsOf: bundle.appending(path: "analysis.txt"))
            #expect(try Array(analysis) == Vectors.bytes("histories/\(row.name).expected"))
            #expect(CommandLineTests.run("verify '\(bundle.path)'").status == 0)
            // Status files are for runs.
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(folder)/out").count == 1
            )
        }
    }

    @Test("verify names what differs")
    func verify() throws {
        try withTemporaryFolder { folder in
            let record = "\(folder)/history.record"
            try RecordTests.write(to: record, readingState: .reserved)
            let made = CommandLineTests.run(
                "archive --run-id reservation_contention-control --history-file '\(record)' "
                    + "--output-root '\(folder)/out'")
            #expect(made.status == 0)
            let bundle = try bundle(in: made.output)
            try Data("x".utf8).write(to: bundle.appending(path: "analysis.txt"))
            try Data("x".utf8).write(to: bundle.appending(path: "more.txt"))
            try FileManager.default.removeItem(at: bundle.appending(path: "history.txt"))
            let result = CommandLineTests.run("verify '\(bundle.path)'")
            #expect(result.status == 1)
            for name in ["analysis.txt", "more.txt", "history.txt"] {
                #expect(result.output.contains("problem=\(name): "), "\(result.output)")
            }
            #expect(CommandLineTests.run("verify '\(folder)'").status == 1)
        }
    }

    @Test("a record of another run is not archived under this one's name")
    func otherRun() throws {
        try withTemporaryFolder { folder in
            let record = "\(folder)/history.record"
            try RecordTests.write(to: record, readingState: .reserved)
            let line =
                "archive --run-id lease_safety-control --history-file '\(record)' "
                + "--output-root '\(folder)/out'"
            let errors = CommandLineTests.errors(of: line)
            #expect(errors.status == 2)
            #expect(errors.output.contains("record of run `reservation_contention-control`"))
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/out"))
        }
    }

    @Test("an unreadable history makes no bundle")
    func unreadable() {
        let errors = CommandLineTests.errors(
            of: "archive --run-id lease_safety-control --history-file /nonexistent "
                + "--output-root /nonexistent")
        #expect(errors.status == 2)
        #expect(errors.output.hasPrefix("failed to load history: "))
        let missing = CommandLineTests.errors(of: "archive --run-id lease_safety-control")
        #expect(missing.status == 254)
    }
}
