import Checking
import Foundation
import History
import Reporting
import Testing

/// `Fixtures/<code>/{violates,fine}-*.jsonl`: small histories, each with its reason. The first event
/// of each is a note for people and for this test:
/// `expect VERDICT[ by CODE[, with CODE, ...]]. REASON`.
@Suite("Small histories that break each promise, and ones that only look like it")
struct FixtureTests {
    struct Expectation {
        let verdict: String
        /// The findings' codes, the one that decides first.
        let codes: [String]
        let reason: String

        init?(_ note: String) {
            guard note.hasPrefix("expect "), let end = note.firstRange(of: ". ") else { return nil }
            let words = note[..<end.lowerBound].dropFirst("expect ".count)
            let parts = words.split(separator: " by ", maxSplits: 1)
            verdict = String(parts[0])
            codes =
                parts.count == 1
                ? []
                : parts[1].split(separator: ", ").map { code in
                    String(code.hasPrefix("with ") ? code.dropFirst(5) : code)
                }
            reason = String(note[end.upperBound...])
        }
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func files(of code: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: code), includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    @Test("every promise has a folder with two of each, and no other folder is there")
    func whole() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(folders) == Set(FindingCode.allCases.map(\.rawValue)))
        for code in FindingCode.allCases {
            let names = try Self.files(of: code.rawValue).map(\.lastPathComponent)
            #expect(names.count { $0.hasPrefix("violates-") } >= 2, "\(code.rawValue)")
            #expect(names.count { $0.hasPrefix("fine-") } >= 2, "\(code.rawValue)")
            #expect(names.allSatisfy { $0.hasPrefix("violates-") || $0.hasPrefix("fine-") })
        }
    }

    @Test("each is judged as it says", arguments: FindingCode.allCases)
    func judged(_ code: FindingCode) throws {
        for file in try Self.files(of: code.rawValue) {
            let name = "\(code.rawValue)/\(file.lastPathComponent)"
            let history = JudgedHistory(of: file.path)
            let first = try #require(history.record?.events.first, "\(name)")
            guard case .note(let note) = first.content, let expected = Expectation(note) else {
                Issue.record("\(name) does not say what is expected")
                continue
            }
            #expect(!expected.reason.isEmpty, "\(name)")
            let found = "\(name): \(history.verdict), \(history.findings.map(\.explanation))"
            #expect(history.verdict.word == expected.verdict, "\(found)")
            let codes = Set(history.findings.map(\.code.rawValue))
            #expect(codes == Set(expected.codes), "\(found)")
            #expect(
                history.findings.first?.code.rawValue == expected.codes.first, "\(found)")
            // What a folder shows is about its promise.
            let breaks = file.lastPathComponent.hasPrefix("violates-")
            #expect(breaks == (expected.verdict != "passed"), "\(name)")
            if breaks { #expect(expected.codes.first == code.rawValue, "\(name)") }
            for finding in history.findings { check(finding, in: file, name) }
        }
    }

    /// Every finding can be followed by hand: its operations are in the file, where it says.
    private func check(_ finding: JudgedHistory.Finding, in file: URL, _ name: String) {
        #expect(!finding.explanation.isEmpty, "\(name)")
        #expect(finding.code == .thinRecord || !finding.operations.isEmpty, "\(name)")
        let lines = (try? String(contentsOf: file, encoding: .utf8))?
            .split(separator: "\n", omittingEmptySubsequences: false)
        for place in finding.operations {
            guard let line = place.line, let lines, line <= lines.count, let event = place.sequence
            else {
                Issue.record("\(name): a place without a line")
                continue
            }
            #expect(lines[line - 1].contains("\"index\":\(event - 1)}"), "\(name) line \(line)")
        }
    }
}

extension Judgement.Verdict {
    fileprivate var word: String {
        switch self {
        case .passed: "passed"
        case .blocked: "blocked"
        case .unknown: "unknown"
        }
    }
}
