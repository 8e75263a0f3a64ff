import Foundation
import TestSupport
import Testing

@Suite("allocdb-jepsen analyze")
struct AnalyzeTests {
    private let histories = Vectors.folder.appending(path: "histories").path

    @Test("--checks reference is the reference, byte for byte, for every golden history")
    func reference() throws {
        let index = try Vectors.json("histories/index.json")
        var cases = 0
        for entry in index["histories"].array {
            let name = try #require(entry["file"].string)
            cases += 1
            let stem = name.hasSuffix(".txt") ? String(name.dropLast(4)) : name
            let expected = try String(
                decoding: Vectors.bytes("histories/\(stem).expected"), as: UTF8.self)
            let line = "analyze --checks reference --history-file '\(histories)/\(stem).txt'"
            let output = CommandLineTests.run(line)
            let errors = CommandLineTests.errors(of: line)
            let status = try #require(entry["exit_status"].integer(Int32.self))
            #expect(output.status == status, "\(stem)")
            #expect((output.output.isEmpty ? errors.output : output.output) == expected, "\(stem)")
        }
        print("histories through the command line: \(cases) cases")
        #expect(cases == 173)
    }

    @Test("what cannot be judged never passes")
    func unknown() {
        for name in ["c01-empty-file", "c02-version-only", "m58-error-on-second-event", "missing"] {
            let result = CommandLineTests.run("analyze '\(histories)/\(name).txt'")
            #expect(result.status == 2, "\(name)")
            #expect(result.output.hasPrefix("UNKNOWN  "), "\(result.output)")
        }
        let missing = CommandLineTests.errors(
            of: "analyze --checks reference --history-file /nonexistent")
        #expect(
            missing
                == Shell.Result(
                    output: "failed to load history: i/o error: No such file or directory "
                        + "(os error 2)\n",
                    status: 1))
    }

    @Test("the worst of several histories decides; a text says what was not checked")
    func several() {
        let clean = "'\(histories)/r-lease-safety-control.txt'"
        let blocked = "'\(histories)/b12-double-allocation.txt'"
        let empty = "'\(histories)/c01-empty-file.txt'"
        #expect(CommandLineTests.run("analyze \(clean)").status == 0)
        #expect(CommandLineTests.run("analyze \(clean) \(empty)").status == 2)
        #expect(CommandLineTests.run("analyze \(blocked) \(empty) \(clean)").status == 1)
        let text = CommandLineTests.run("analyze \(blocked)").output
        #expect(text.hasPrefix("BLOCKED  "))
        #expect(
            text.contains("1. double-allocation  (promise 5, blocks release, decided by witness)"))
        #expect(text.contains("- line 2"), "\(text)")
        #expect(text.contains("no more is concluded"))
    }

    @Test("JSON is one object per history, for programs")
    func json() throws {
        let result = CommandLineTests.run(
            "analyze --format json '\(histories)/b12-double-allocation.txt'")
        let object = try JSONValue(text: result.output)
        #expect(object["verdict"].string == "blocked")
        #expect(object["findings"][0]["code"].string == "double-allocation")
        #expect(object["findings"][0]["promise"].integer(Int.self) == 5)
        #expect(object["findings"][0]["operations"][0]["line"].integer(Int.self) == 2)
        #expect(result.output.split(separator: "\n").count == 1)
    }
}
