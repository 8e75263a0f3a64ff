import Campaign
import Conducting
import Foundation
import Matrix
import TestSupport
import Testing

@testable import allocdb_jepsen

@Suite("allocdb-jepsen run, several runs")
struct CampaignArgumentTests {
    static let refused: [(line: String, words: String)] = [
        ("run", "which runs?"),
        ("run --all lease_safety-control", "either RUN-IDs, or `--all`, or `--matrix`"),
        ("run --matrix smoek", "did you mean `smoke`?"),
        ("run --resume /nonexistent", "holds no plan.json"),
        ("run --resume /nonexistent --seed 3", "leave `--seed` out"),
        ("run --resume /nonexistent --all", "leave `--all` out"),
        ("run --resume /nonexistent --output-root x", "leave `--output-root` out"),
        ("shrink --resume /nonexistent --tries 9", "leave the rest out"),
        ("shrink --resume /nonexistent", "is no search of `shrink`"),
        ("replay /nonexistent", "no bundle that can be repeated"),
        ("run lease_safety-control --faults crash --lanes 1 --schedule x", "cannot both be given"),
        ("run --matrix smoke --replica-binary /nonexistent", "is not an executable file"),
        ("run --all --lanes 0", "from 1 to 64"),
    ]

    @Test("what contradicts itself is refused before anything starts", arguments: refused)
    func refusals(_ row: (line: String, words: String)) {
        let result = CommandLineTests.errors(of: row.line)
        #expect(result.status == 254, "\(row.line)")
        #expect(result.output.contains(row.words), "\(result.output)")
    }

    @Test("every matrix of the tool uses words that this version knows, and is planned")
    func builtIn() throws {
        for name in MatrixFile.builtInNames {
            let matrix = try CampaignArguments.matrix(name)
            #expect(matrix.name == name)
            #expect(!matrix.description.isEmpty)
            let plan = CampaignPlan(
                matrix, settings: .init(), seed: 1, lanes: 1, replicaBinary: "/bin/true",
                usualRate: 400, usualConcurrency: 5)
            for request in plan.requests {
                let options = try RunCommand.options(of: request, replicaBinary: "/bin/true")
                #expect(throws: Never.self, "\(name)") { try Campaign.schedule(for: options) }
            }
        }
    }

    @Test("a mistake in a matrix is shown with its line")
    func matrix() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/matrix.yaml"
            try Data("runs:\n  - run: all\n    windw: 3\n".utf8).write(to: URL(filePath: path))
            let result = CommandLineTests.errors(of: "run --matrix '\(path)'")
            #expect(result.status == 254)
            #expect(result.output.contains(":3:5: unknown key `windw`; did you mean `window`?"))
        }
    }
}
