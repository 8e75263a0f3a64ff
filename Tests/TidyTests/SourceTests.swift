import Foundation
import Testing

@Suite("how the sources are written")
struct SourceTests {
    static let longestSource = 450
    static let longestTest = 600

    @Test("files hold one idea")
    func length() {
        for file in Repository.sources {
            #expect(file.lines.count <= Self.longestSource, "\(file): \(file.lines.count) lines")
        }
        for file in Repository.tests {
            #expect(file.lines.count <= Self.longestTest, "\(file): \(file.lines.count) lines")
        }
    }

    @Test("nothing is left for later")
    func leftovers() {
        // Taken apart so that this file does not find itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"]
        for file in Repository.sources + Repository.tests {
            for mark in marks where file.text.contains(mark) {
                Issue.record("\(file) holds \(mark)")
            }
        }
    }

    @Test("no path of one machine stands in the repository")
    func machinePaths() {
        let machine = ["/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/"]
        let others = ["Package.swift", "Makefile", "packages.txt", "scripts/setup", ".ci/run"]
            .compactMap { Repository.file($0) }
        #expect(others.count == 5)
        for file in Repository.sources + Repository.tests + Repository.documents + others {
            for path in machine where file.text.contains(path) {
                Issue.record("\(file) holds \(path)")
            }
        }
    }

    @Test("what can trap has its proof beside it")
    func traps() {
        let trap = /\btry!|\bfatalError\(|[\w\)\]]!(?=[\s.,\)\]]|$)/
        for file in Repository.sources {
            let lines = file.lines
            for (index, line) in lines.enumerated() {
                guard line.utf8.contains(UInt8(ascii: "!")) || line.contains("fatal") else {
                    continue
                }
                let code = line.split(separator: "//", maxSplits: 1).first ?? ""
                let withoutTexts = code.replacing(/"(?:[^"\\]|\\.)*"/, with: "")
                guard withoutTexts.contains(trap), !code.contains("///") else { continue }
                let nearby = lines[max(0, index - 4)...index]
                #expect(
                    nearby.contains { $0.contains("//") }, "\(file):\(index + 1):\(line)")
            }
        }
    }

    @Test("public declarations say what they promise")
    func documented() {
        // Members of a documented type may speak for themselves; types may not.
        let type = /^public (?:final |indirect )*(?:struct|enum|class|protocol|actor) (\w+)/
        for file in Repository.sources {
            let lines = file.lines
            for (index, line) in lines.enumerated()
            where line.hasPrefix("public ") && line.firstMatch(of: type) != nil {
                var above = index - 1
                while above >= 0, lines[above].hasPrefix("@") { above -= 1 }
                #expect(
                    above >= 0 && lines[above].hasPrefix("///"), "\(file):\(index + 1):\(line)")
            }
        }
    }
}
