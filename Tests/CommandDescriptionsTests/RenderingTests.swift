import CommandDescriptions
import Foundation
import TestSupport
import Testing

@Suite("help, completions and reference of one description")
struct RenderingTests {
    static let pages: [[String]] = [[], ["bake"], ["oven"], ["oven", "heat"]]

    @Test("help pages read as they did", arguments: pages)
    func help(_ path: [String]) throws {
        let name = (["help"] + path).joined(separator: "-") + ".txt"
        try Snapshot.expect(SampleTool.root.helpText(path: path), matches: name)
    }

    @Test("help is wrapped at the width of the window", arguments: [40, 60, 80, 100])
    func width(_ width: Int) {
        let lines = SampleTool.root.helpText(path: ["oven"], width: width).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width })
    }

    @Test("completion scripts read as they did", arguments: CompletionShell.allCases)
    func completions(_ shell: CompletionShell) throws {
        let script = SampleTool.root.completionScript(for: shell)
        try Snapshot.expect(script, matches: "completions.\(shell.rawValue)")
    }

    @Test("the Markdown reference reads as it did")
    func markdown() throws {
        try Snapshot.expect(SampleTool.root.markdownReference(), matches: "reference.md")
    }

    static let lines: [(line: [String], expected: [String])] = [
        (["baker", ""], ["bake", "help", "oven"]),
        (["baker", "b"], ["bake"]),
        (["baker", "--"], ["--help", "--version"]),
        (["baker", "help", "o"], ["oven"]),
        (["baker", "oven", ""], ["clean", "heat"]),
        (["baker", "oven", "clean", "--"], ["--help", "--quiet"]),
        (["baker", "bake", "--k"], ["--kind"]),
        (["baker", "bake", "--kind", ""], ["rye", "wheat"]),
        (["baker", "bake", "--kind", "w"], ["wheat"]),
        (["baker", "bake", "--format", "=", "j"], ["json"]),
        (["baker", "bake", "--format", "="], ["json", "text"]),
        (["baker", "bake", "--seed", ""], []),
        (["baker", "bake", "--recipe", "bread"], ["bread one.txt", "bread-two.txt", "breads"]),
        (["baker", "bake", "--output", "bread"], ["breads"]),
        (["baker", "oven", "heat", "bread-"], ["bread-two.txt"]),
    ]

    @Test("bash itself completes what it should", .enabled(if: Shell.has("bash")), arguments: lines)
    func bash(_ row: (line: [String], expected: [String])) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "completion-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "breads"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["bread one.txt", "bread-two.txt"] {
            try Data().write(to: folder.appending(path: name))
        }
        let words = row.line.map { "'\($0)'" }.joined(separator: " ")
        let script =
            SampleTool.root.completionScript(for: .bash) + """
                cd '\(folder.path)'
                COMP_WORDS=(\(words)); COMP_CWORD=\(row.line.count - 1)
                _baker
                for reply in "${COMPREPLY[@]}"; do printf '%s\\n' "$reply"; done
                """
        let file = folder.appending(path: ".script")
        try Data(script.utf8).write(to: file)
        let result = Shell.run("bash -u '\(file.path)' 2>&1")
        let replies = result.output.split(separator: "\n").map(String.init).sorted()
        #expect(replies == row.expected)
        #expect(result.status == 0)
    }

    @Test("zsh accepts its script", .enabled(if: Shell.has("zsh")))
    func zsh() throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "completion-\(UUID().uuidString)")
        try Data(SampleTool.root.completionScript(for: .zsh).utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(Shell.run("zsh -n '\(file.path)' 2>&1") == Shell.Result(output: "", status: 0))
    }

    @Test("fish itself completes what it should", .enabled(if: Shell.has("fish")))
    func fish() throws {
        let script = SampleTool.root.completionScript(for: .fish)
        let file = FileManager.default.temporaryDirectory
            .appending(path: "completion-\(UUID().uuidString).fish")
        try Data(script.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let lines: [(line: String, expected: [String])] = [
            ("baker ", ["bake", "help", "oven"]),
            ("baker oven ", ["clean", "heat"]),
            ("baker help o", ["oven"]),
            ("baker bake --kind ", ["rye", "wheat"]),
            ("baker bake --format=j", ["--format=json"]),
            ("baker oven clean --q", ["--quiet"]),
        ]
        for (line, expected) in lines {
            let result = Shell.run(
                "fish --no-config -c \"source '\(file.path)'; complete -C '\(line)'\" 2>&1")
            let replies = result.output.split(separator: "\n").map { reply in
                reply.split(separator: "\t").first.map(String.init) ?? ""
            }
            #expect(replies.sorted() == expected, "\(line)")
        }
    }
}
