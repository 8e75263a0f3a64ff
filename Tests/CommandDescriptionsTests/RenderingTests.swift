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
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/breads", withIntermediateDirectories: true)
            for name in ["bread one.txt", "bread-two.txt"] {
                try Data().write(to: URL(filePath: "\(folder)/\(name)"))
            }
            let words = row.line.map { "'\($0)'" }.joined(separator: " ")
            let script =
                SampleTool.root.completionScript(for: .bash) + """
                    cd '\(folder)'
                    COMP_WORDS=(\(words)); COMP_CWORD=\(row.line.count - 1)
                    _baker
                    for reply in "${COMPREPLY[@]}"; do printf '%s\\n' "$reply"; done
                    """
            let file = "\(folder)/.script"
            try Data(script.utf8).write(to: URL(filePath: file))
            let result = Shell.run("bash -u '\(file)' 2>&1")
            let replies = result.output.split(separator: "\n").map(String.init).sorted()
            #expect(replies == row.expected)
            #expect(result.status == 0)
        }
    }

    @Test("zsh accepts its script", .enabled(if: Shell.has("zsh")))
    func zsh() throws {
        try withTemporaryFolder { folder in
            let file = "\(folder)/completion"
            try Data(SampleTool.root.completionScript(for: .zsh).utf8)
                .write(to: URL(filePath: file))
            #expect(Shell.run("zsh -n '\(file)' 2>&1") == Shell.Result(output: "", status: 0))
        }
    }

    @Test("fish itself completes what it should", .enabled(if: Shell.has("fish")))
    func fish() throws {
        let lines: [(line: String, expected: [String])] = [
            ("baker ", ["bake", "help", "oven"]),
            ("baker oven ", ["clean", "heat"]),
            ("baker help o", ["oven"]),
            ("baker bake --kind ", ["rye", "wheat"]),
            ("baker bake --format=j", ["--format=json"]),
            ("baker oven clean --q", ["--quiet"]),
        ]
        try withTemporaryFolder { folder in
            let file = "\(folder)/completion.fish"
            try Data(SampleTool.root.completionScript(for: .fish).utf8)
                .write(to: URL(filePath: file))
            for (line, expected) in lines {
                let result = Shell.run(
                    "fish --no-config -c \"source '\(file)'; complete -C '\(line)'\" 2>&1")
                let replies = result.output.split(separator: "\n").map { reply in
                    reply.split(separator: "\t").first.map(String.init) ?? ""
                }
                #expect(replies.sorted() == expected, "\(line)")
            }
        }
    }
}
