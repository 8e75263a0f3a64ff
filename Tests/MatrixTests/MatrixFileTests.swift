import Foundation
import Matrix
import TestSupport
import Testing

@Suite("matrix files")
struct MatrixFileTests {
    static let vocabulary = MatrixVocabulary(
        testbeds: ["local", "namespaces"], styles: ["concurrent", "scripted"],
        faults: ["crash", "pause"])

    static func read(_ text: String) throws -> MatrixFile {
        try MatrixFile(Array(text.utf8), file: "folder/some.yaml", vocabulary: vocabulary)
    }

    @Test("defaults hold until a run says otherwise, and groups stand for their runs")
    func reading() throws {
        let matrix = try Self.read(
            """
            description: Some runs
            defaults: {window: 20, rate: 100, repeats: 2}
            runs:
              - reservation_contention-control
              - run: supplementary
                window: 40
                seeds: [7, 18446744073709551615]
              - workload: lease_safety
                nemesis: crash_restart
                faults: [crash, pause]
                testbed: namespaces
                style: scripted
                concurrency: 9
            """)
        #expect(matrix.name == "some" && matrix.description == "Some runs")
        let runs = matrix.runs
        #expect(
            runs.map(\.runID) == [
                "reservation_contention-control", "lease_safety-control",
                "lease_safety-crash-restart", "lease_safety-crash-restart",
            ])
        #expect(runs.map(\.window) == [20, 40, 40, 20])
        #expect(runs.map(\.count) == [2, 2, 2, 2])
        #expect(runs[1].seeds == [7, .max])
        #expect(runs[3].faults == ["crash", "pause"] && runs[3].testbed == "namespaces")
        #expect(runs[3].concurrency == 9 && runs[3].rate == 100 && runs[3].style == "scripted")
        #expect(runs.map(\.line) == [4, 5, 5, 8])
    }

    static let bad: [(text: String, place: String, words: String)] = [
        ("", "1:1", "the file is empty"),
        ("runs: []", "1:7", "empty"),
        ("description: x", "1:1", "`runs` is missing"),
        ("- a", "1:1", "a matrix is a mapping"),
        ("rnus:\n  - all\n", "1:1", "did you mean `runs`?"),
        ("runs:\n  - run: smoek\n", "2:10", "unknown run `smoek`"),
        (
            "runs:\n  - run: lease_safety-contrl\n", "2:10",
            "did you mean `lease_safety-control`?"
        ),
        ("runs:\n  - run: all\n    windw: 3\n", "3:5", "did you mean `window`?"),
        ("runs:\n  - run: all\n    window: 20s\n", "3:13", "not a whole number (seconds)"),
        ("runs:\n  - run: all\n    window: 0\n", "3:13", "from 1 to 604800"),
        ("runs:\n  - run: all\n    faults: crash\n", "3:13", "a list is needed"),
        ("runs:\n  - run: all\n    faults: [crsh]\n", "3:14", "did you mean `crash`?"),
        ("runs:\n  - run: all\n    testbed: moon\n", "3:14", "known are local, namespaces"),
        ("runs:\n  - run: all\n    repeats: 2\n    seeds: [1]\n", "3:14", "not both"),
        ("runs:\n  - run: all\n    nemesis: none\n", "3:14", "`run` names both"),
        ("runs:\n  - workload: lease_safety\n    nemesis: partition_heal\n", "3:14", "no run has"),
        ("runs:\n  - window: 3\n", "2:5", "which run?"),
        ("matrix: a/b\nruns: [all]\n", "1:9", "is no name"),
        ("runs:\n  - run: all\n    repeats: 1000\n", "2:5", "more than 10000 runs"),
        ("runs: [all\n", "2:1", "flow sequence"),
        ("runs: [all]\nruns: [all]\n", "2:1", "stands in line 1 already"),
    ]

    @Test("a mistake is named with its line and what was probably meant", arguments: bad)
    func mistakes(_ row: (text: String, place: String, words: String)) throws {
        let error = try #require(throws: MatrixError.self) { try Self.read(row.text) }
        #expect(error.description.hasPrefix("folder/some.yaml:\(row.place): "), "\(error)")
        #expect(error.problem.contains(row.words), "\(error)")
    }

    @Test("an error shows the line with a caret")
    func caret() throws {
        let error = try #require(throws: MatrixError.self) {
            try Self.read("runs:\n  - run: all\n    windw: 3\n")
        }
        #expect(error.description.hasSuffix("\n        windw: 3\n        ^"))
    }

    @Test("the tool holds exactly the matrices of the repository")
    func builtIn() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "matrices")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(files.map { String($0.dropLast(5)) } == MatrixFile.builtInNames)
        for file in files {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            let name = String(file.dropLast(5))
            #expect(MatrixFile.builtIn(name) == text, "run scripts/embed-matrices: \(file)")
        }
    }
}
