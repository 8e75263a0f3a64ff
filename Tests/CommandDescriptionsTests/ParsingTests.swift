import Testing

@testable import CommandDescriptions

@Suite("parsing a command line")
struct ParsingTests {
    private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    private func parsed(_ line: String) throws -> ParsedArguments {
        guard case .run(let command) = try SampleTool.root.parse(words(line)) else {
            throw UsageError.contradiction("not a command: \(line)")
        }
        return command.arguments
    }

    @Test("values are typed, in any order, with = or a blank")
    func values() throws {
        let arguments = try parsed("bake --kind=rye --topping salt 12 --seed 7 --topping seeds")
        #expect(try arguments[SampleTool.count] == 12)
        #expect(try arguments[SampleTool.kind] == "rye")
        #expect(arguments[SampleTool.seed] == 7)
        #expect(arguments[SampleTool.format] == .text)
        #expect(arguments[SampleTool.topping] == ["salt", "seeds"])
        #expect(arguments[SampleTool.output] == nil)
        #expect(!arguments[SampleTool.quiet])
    }

    @Test("a repeated option keeps its last value; a flag may repeat")
    func repeated() throws {
        let line = "bake --kind rye --kind wheat --format json --format=text 1 --quiet --quiet"
        let arguments = try parsed(line)
        #expect(try arguments[SampleTool.kind] == "wheat")
        #expect(arguments[SampleTool.format] == .text)
        #expect(arguments[SampleTool.quiet])
    }

    @Test("after -- everything is positional; a lone - is too")
    func endOfOptions() throws {
        let arguments = try parsed("oven heat - a -- --help --x")
        #expect(arguments[SampleTool.files] == ["-", "a", "--help", "--x"])
        #expect(try parsed("oven heat")[SampleTool.files] == [])
    }

    static let requests: [(line: String, expected: ParsedLine)] = [
        ("", .help(path: [])),
        ("--help", .help(path: [])),
        ("-h", .help(path: [])),
        ("help", .help(path: [])),
        ("help oven heat", .help(path: ["oven", "heat"])),
        ("oven --help", .help(path: ["oven"])),
        ("oven heat x -h", .help(path: ["oven", "heat"])),
        ("bake --nonsense --help", .help(path: ["bake"])),
        ("bake --seed --help", .help(path: ["bake"])),
        ("--version", .version),
    ]

    @Test("help is available on every level and wins over mistakes", arguments: requests)
    func help(_ request: (line: String, expected: ParsedLine)) throws {
        #expect(try SampleTool.root.parse(words(request.line)) == request.expected)
    }

    static let mistakes: [(line: String, text: String)] = [
        ("bkae", "unknown command `bkae`; did you mean `bake`?"),
        ("BAKE", "unknown command `BAKE`; did you mean `bake`?"),
        ("xyzzy", "unknown command `xyzzy`"),
        ("secre", "unknown command `secre`"),
        ("--versoin", "unknown option `--versoin`; did you mean `--version`?"),
        ("help baek", "unknown command `baek`; did you mean `bake`?"),
        ("oven", "a command is missing"),
        ("oven heet", "unknown command `heet`; did you mean `heat`?"),
        ("bake --kind rye", "`COUNT` is missing"),
        ("bake 1", "`--kind` is missing"),
        ("bake --sed 1", "unknown option `--sed`; did you mean `--seed`?"),
        ("bake --sed=1", "unknown option `--sed`; did you mean `--seed`?"),
        ("bake --frobnicate 1", "unknown option `--frobnicate`"),
        ("bake -q", "unknown option `-q`"),
        ("bake --kind", "`--kind` needs a value: `--kind KIND`, one of rye, wheat"),
        ("bake --kind --quiet", "`--kind` needs a value: `--kind KIND`, one of rye, wheat"),
        ("bake --kind wheet 1", "invalid value for `--kind`: `wheet`; did you mean `wheat`?"),
        ("bake --kind spelt 1", "invalid value for `--kind`: `spelt` is not one of rye, wheat"),
        ("bake --format jsn 1", "invalid value for `--format`: `jsn`; did you mean `json`?"),
        ("bake --seed -1 1", "invalid value for `--seed`: `-1` is not a whole number"),
        ("bake --seed= 1", "invalid value for `--seed`: `` is not a whole number"),
        ("bake --seed +1 1", "invalid value for `--seed`: `+1` is not a whole number"),
        (
            "bake --seed 18446744073709551616",
            "invalid value for `--seed`: `18446744073709551616` is not a whole number"
        ),
        (
            "bake --kind rye 65",
            "invalid value for `COUNT`: `65` is not a whole number from 1 to 64"
        ),
        ("bake --kind rye 0", "invalid value for `COUNT`: `0` is not a whole number from 1 to 64"),
        ("bake --kind rye 1 2", "unexpected argument `2`"),
        ("bake --quiet=yes", "`--quiet` takes no value, but got `yes`"),
    ]

    @Test("a mistake is named, with what would have worked", arguments: mistakes)
    func mistake(_ mistake: (line: String, text: String)) throws {
        let error = #expect(throws: LocatedUsageError.self) {
            try SampleTool.root.parse(words(mistake.line))
        }
        #expect(error?.error.description == mistake.text)
    }

    @Test("the message ends with the help page that helps")
    func located() throws {
        let error = #expect(throws: LocatedUsageError.self) {
            try SampleTool.root.parse(["oven", "heat", "--x"])
        }
        #expect(
            error?.description == "baker: unknown option `--x`\nTry `baker oven heat --help`.")
    }

    @Test("hidden commands work")
    func hidden() throws {
        guard case .run(let command) = try SampleTool.root.parse(["secret"]) else {
            Issue.record("not understood")
            return
        }
        #expect(command.path == ["secret"])
    }

    static let distances: [(String, String, Int)] = [
        ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1),
        ("abc", "abcd", 1), ("abc", "xbc", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
    ]

    @Test("mistakes are counted per letter, swaps as one", arguments: distances)
    func distance(_ row: (String, String, Int)) {
        let (left, right, expected) = row
        #expect(Suggestions.mistakes(from: Array(left.utf8), to: Array(right.utf8)) == expected)
    }

    @Test("an endless word is no typing mistake")
    func longWord() {
        let word = String(repeating: "a", count: 100_000)
        #expect(Suggestions.nearest(to: word, among: ["a"]) == nil)
        #expect(Suggestions.nearest(to: "reservation", among: ["reservation_contention"]) != nil)
    }
}
