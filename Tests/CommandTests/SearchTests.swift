import Foundation
import TestSupport
import Testing

@Suite("allocdb-jepsen search")
struct SearchTests {
    private func inFile<Result>(
        _ text: String, _ body: (String) throws -> Result
    ) throws -> Result {
        try withTemporaryFolder { folder in
            let path = "\(folder)/history"
            try Data(text.utf8).write(to: URL(filePath: path))
            return try body(path)
        }
    }

    @Test("a linearizable history passes, a violation is told in words, an empty one is unknown")
    func endings() throws {
        let write = "0\t1\t2\t0\tw\t3\t0\t0\n"
        try inFile(write) { path in
            let result = CommandLineTests.run("search --model register '\(path)'")
            #expect(result.status == 0)
            #expect(result.output.hasPrefix("LINEARIZABLE  \(path)  (tab-separated, register)"))
        }
        try inFile(write + "1\t3\t4\t0\tr\t0\t0\t9\n") { path in
            let result = CommandLineTests.run("search --model register '\(path)'")
            #expect(result.status == 1)
            #expect(result.output.contains("process 1: read key 0 = 9 (line 2)"))
            #expect(result.output.contains("Before it, the object could be in: 3."))
            let json = CommandLineTests.run("search --model register --format json '\(path)'")
            let value = try JSONValue(text: json.output)
            #expect(value["verdict"].string == "not linearizable")
            #expect(value["violation"]["operation"]["line"].integer(Int.self) == 2)
        }
        for text in ["", "0\t1\t2\n"] {
            try inFile(text) { path in
                let result = CommandLineTests.run("search --model register '\(path)'")
                #expect(result.status == 2 && result.output.hasPrefix("UNKNOWN  "))
            }
        }
    }

    @Test("a memory limit is kept within a tenth, and says how far the search came")
    func memory() throws {
        // Nobody reads until the end, so that all orders of the writes are possible.
        var text = ""
        for number in 0..<40 {
            text += "\(number)\t\(number + 1)\t\(1_000_000 - number)\t0\tw\t\(number + 1)\t0\t0\n"
        }
        text += "50\t100\t101\t0\tr\t0\t0\t99\n"
        try inFile(text) { path in
            let limit = 64
            let result = CommandLineTests.run(
                "search --model register --format json --memory-limit \(limit) "
                    + "--time-limit 120 '\(path)'")
            #expect(result.status == 2)
            let value = try JSONValue(text: result.output)
            let reason = try #require(value["reason"].string)
            #expect(reason.hasPrefix("the memory limit was reached after 41 of 41 operations"))
            let peak = try #require(value["peak_memory_bytes"].integer(Int.self))
            #expect(peak <= limit * 1_048_576 * 11 / 10, "\(peak)")
            #expect(peak >= limit * 1_048_576 * 3 / 4, "\(peak)")
        }
    }
}
