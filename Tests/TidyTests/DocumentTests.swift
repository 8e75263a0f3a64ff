import CommandDescriptions
import Foundation
import TestSupport
import Testing

@testable import allocdb_bench
@testable import allocdb_jepsen

@Suite("what the documents say")
struct DocumentTests {
    @Test("docs/reference/commands.md is generated from the commands")
    func reference() throws {
        let text = """
            # Commands

            Generated from the descriptions that also parse the command line and write `--help`.


            """
        try Snapshot.expect(
            text + Tool.description.markdownReference() + "\n"
                + Bench.description.markdownReference(),
            matches: Repository.root.appending(path: "docs/reference/commands.md"))
    }

    @Test("links lead somewhere")
    func links() {
        var count = 0
        for file in Repository.documents {
            let folder = file.path.split(separator: "/").dropLast()
            for match in file.text.matches(of: /\]\(([^)\s]+)\)/) {
                let link = match.1
                if link.contains("://") || link.hasPrefix("mailto:") { continue }
                count += 1
                let parts = link.split(
                    separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let path =
                    parts[0].isEmpty
                    ? file.path : (folder + [parts[0]]).joined(separator: "/")
                #expect(Repository.exists(path), "\(file): \(link)")
                if parts.count == 2, let target = Repository.file(Self.normal(path)) {
                    #expect(Self.anchors(of: target).contains(String(parts[1])), "\(file): \(link)")
                }
            }
        }
        print("links in documents: \(count) cases")
        #expect(count > 0)
    }

    @Test("commands in documents exist and parse")
    func commands() {
        var count = 0
        for file in Repository.documents {
            for line in Self.shellLines(of: file) {
                let words = Self.words(of: line)
                guard let program = words.first?.split(separator: "/").last else { continue }
                switch program {
                case "allocdb-jepsen", "allocdb-bench":
                    count += 1
                    let tool =
                        program == "allocdb-bench" ? Bench.description : Tool.description
                    #expect(throws: Never.self, "\(file): \(line)") {
                        try tool.parse(Array(words.dropFirst()))
                    }
                case "make":
                    count += 1
                    for target in words.dropFirst() where !target.contains("=") {
                        #expect(Self.makeTargets.contains(target), "\(file): \(line)")
                    }
                default:
                    break
                }
            }
        }
        print("command lines in documents: \(count) cases")
        #expect(count > 0)
    }

    private static let makeTargets: Set<String> = Set(
        (Repository.file("Makefile")?.text ?? "").matches(of: /(?m)^([a-z]+):/).map {
            String($0.1)
        })

    /// The lines of the blocks marked `sh`.
    private static func shellLines(of file: Repository.File) -> [Substring] {
        var inside = false
        var lines: [Substring] = []
        for line in file.lines {
            if line.hasPrefix("```") {
                inside = !inside && line == "```sh"
            } else if inside, !line.hasPrefix("#") {
                lines.append(line)
            }
        }
        return lines
    }

    /// The words of a simple command, up to a pipe, a redirection or a separator.
    private static func words(of line: Substring) -> [String] {
        let enders: Set<Substring> = ["|", ">", "&&", ";", "2>", "||"]
        return line.split(separator: " ").prefix { !enders.contains($0) }.map { word in
            String(word.drop { $0 == "'" })
        }
    }

    private static func anchors(of file: Repository.File) -> Set<String> {
        var inCode = false
        let headings = file.lines.filter { line in
            if line.hasPrefix("```") { inCode.toggle() }
            return !inCode && line.hasPrefix("#")
        }
        return Set(
            headings.map { line in
                let title = line.drop { $0 == "#" || $0 == " " }.lowercased()
                return String(
                    title.filter {
                        $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_"
                    }
                    .map { $0 == " " ? "-" : $0 })
            })
    }

    private static func normal(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}
