import BugCatalogue
import SystemCalls
import TestSupport
import Testing

/// The command behind `make sensitivity`, with few seeds.
@Suite(.serialized) struct SensitivityTests {
    static let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func measure(_ words: [String], below root: String) throws -> CapturedRun {
        let folder = Path.parent(of: CommandLine.arguments.first ?? "") ?? "."
        return try CapturedRun(
            Path.join(folder, "Sensitivity"),
            [
                "--matrix", "/\(Self.root)/matrices/sensitivity.yaml", "--output-root",
                Path.join(root, "measured"), "--lanes", "4",
            ] + words, until: .after(.seconds(1800)))
    }

    /// Which of the bugs were missed, by the last lines of the command.
    static func missed(_ run: CapturedRun) -> [BugCatalogue.Bug] {
        run.errorText.split(separator: "\n").filter { $0.contains(" was found in ") }
            .compactMap {
                $0.split(separator: " ").first.flatMap { BugCatalogue.Bug(rawValue: String($0)) }
            }
    }

    /// A schedule of faults meets a bug of the faulty moments nearly always, not always; a second
    /// and a third seed then must.
    @Test("every bug is found by the run that is named for it")
    func everyBug() throws {
        try withTemporaryFolder { root in
            let first = try Self.measure(["--seeds", "1"], below: root)
            #expect(first.status == .exited(code: 0) || first.status == .exited(code: 1))
            let missed = Self.missed(first)
            #expect(missed.count <= 4, "\(first.errorText)")
            guard !missed.isEmpty else { return }
            let words = missed.flatMap { ["--bug", $0.rawValue] }
            let second = try Self.measure(["--seeds", "3", "--least", "30"] + words, below: root)
            #expect(second.status == .exited(code: 0), "\(second.errorText)\n\(second.outputText)")
        }
    }
}
