import CommandDescriptions
import Foundation
import Matrix
import TestSupport
import Testing

@testable import allocdb_jepsen

@Suite("the command line of allocdb-jepsen")
struct CommandLineTests {
    /// The program beside the test bundle.
    static let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "allocdb-jepsen").path

    static func run(_ line: String) -> Shell.Result {
        Shell.run("'\(program)' \(line) 2>/dev/null")
    }

    static func errors(of line: String) -> Shell.Result {
        Shell.run("'\(program)' \(line) 2>&1 >/dev/null")
    }

    static let pages = Tool.description.listedTree.map { Array($0.path.dropFirst()) }

    @Test("help of every level goes to standard output, status 0, as it read", arguments: pages)
    func help(_ path: [String]) throws {
        let result = Self.run((path + ["--help"]).joined(separator: " "))
        #expect(result.status == 0)
        try Snapshot.expect(
            result.output, matches: (["help"] + path).joined(separator: "-") + ".txt")
    }

    @Test("every command that can be used has an example that parses", arguments: pages)
    func examples(_ path: [String]) throws {
        let command = try #require(Tool.description.command(at: path))
        #expect(!command.examples.isEmpty)
        for example in command.examples where example.line.hasPrefix("allocdb-jepsen") {
            let line = example.line.split(separator: "|")[0]
            let words = line.split(separator: " ").dropFirst().map(String.init)
            #expect(throws: Never.self) { try Tool.description.parse(words) }
        }
    }

    static let mistakes: [(line: String, message: String)] = [
        ("pln", "unknown command `pln`; did you mean `plan`?"),
        ("plan extra", "unexpected argument `extra`"),
        ("plan --format jsno", "invalid value for `--format`: `jsno`; did you mean `json`?"),
        ("plan --lanes 0", "`0` is not a whole number of lanes from 1 to 64"),
        ("run", "which runs?"),
        (
            "run reservation_contention-crash-restrat",
            "did you mean `reservation_contention-crash-restart`?"
        ),
        ("run reservation_contention-control --concurency 4", "did you mean `--concurrency`?"),
        ("run reservation_contention-control --seed", "`--seed` needs a value"),
        ("analyze", "`HISTORY` is missing"),
        ("analyze x --checks reference --format json", "leave `--format json` out"),
        ("analyze x y --format html", "a page shows one history"),
        ("analyze --explain stale-raed", "`stale-raed`; did you mean `stale-read`?"),
        ("analyze --explain 0", "`0` is not the code of a finding"),
        ("analyze --explain stale-read x", "judges nothing; leave the histories out"),
        ("analyze --explain stale-read --format html", "printed as text or json"),
        ("analyze --only stale-read,lost-wirte x", "`lost-wirte`; did you mean `lost-write`?"),
        ("analyze --skip stale-read, x", "invalid value for `--skip`: ``"),
        ("analyze --skip broken-record x", "`broken-record` cannot be left out"),
        ("analyze --skip stale-read --only stale-read x", "in `--only` and in `--skip`"),
        ("analyze --checks reference --skip stale-read x", "leave `--only` and `--skip` out"),
        ("analyze - - </dev/null", "name `-` once"),
        ("completions tcsh", "invalid value for `SHELL`: `tcsh`"),
    ]

    @Test("wrong usage ends with 254, a reason and the help that helps", arguments: mistakes)
    func mistake(_ row: (line: String, message: String)) {
        let result = Self.errors(of: row.line)
        #expect(result.status == 254)
        #expect(result.output.contains(row.message), "\(result.output)")
        #expect(result.output.contains("--help`"))
        #expect(Self.run(row.line).output.isEmpty)
    }

    @Test("the version is one line")
    func version() {
        #expect(
            Self.run("--version")
                == Shell.Result(output: "allocdb-jepsen \(Tool.version)\n", status: 0))
    }

    @Test("a closed pipe is nobody's error")
    func closedPipe() {
        #expect(Shell.run("'\(Self.program)' plan 2>&1 | head -n 0; echo $?").output == "0\n")
    }

    @Test("plan prints the matrix as published, whatever the environment says")
    func plan() throws {
        let expected = String(decoding: try Vectors.bytes("jepsen-plan.txt"), as: UTF8.self)
        #expect(Self.run("plan") == Shell.Result(output: expected, status: 0))
        let result = Shell.run("\(RunCommand.windowVariable)=3 '\(Self.program)' plan")
        #expect(result.output == expected)
        #expect(Self.run("plan --format json --lanes 3").output.hasPrefix("{"))
    }

    @Test("bash completes run ids")
    func completion() throws {
        let script = Self.run("completions bash")
        #expect(script.status == 0)
        #expect(script.output == Tool.description.completionScript(for: .bash))
        let line = """
            bash -c 'source <("$0" completions bash); COMP_WORDS=(allocdb-jepsen run lease); \
            COMP_CWORD=2; _allocdb_jepsen; echo ${COMPREPLY[@]}' '\(Self.program)'
            """
        #expect(Shell.run(line).output == "lease_safety-control lease_safety-crash-restart\n")
    }

    static let overrides: [(id: String, text: String?, window: UInt64?)] = [
        ("reservation_contention-crash-restart", " 30\n", 30),
        ("reservation_contention-crash-restart", "3 0", nil),
        ("reservation_contention-crash-restart", "0", nil),
        ("reservation_contention-crash-restart", "-1", nil),
        ("reservation_contention-crash-restart", "soon", nil),
        ("reservation_contention-crash-restart", nil, nil),
        ("reservation_contention-control", "30", nil),
    ]

    @Test("the environment shortens only windows that exist (9.3)", arguments: overrides)
    func override(_ row: (id: String, text: String?, window: UInt64?)) {
        #expect(RunCommand.windowOverride(for: row.id, row.text) == row.window)
    }
}
