import Checking
import CommandDescriptions
import History
import JSONText
import Reporting
import SystemCalls
import Terminal

enum AnalyzeCommand {
    enum Checks: String, CaseIterable, Sendable {
        case reference
        case all
    }

    enum Format: String, CaseIterable, Sendable {
        case text
        case json
    }

    enum Rendering: String, CaseIterable, Sendable {
        case text
        case json
        /// The report page of one history.
        case html
    }

    static let histories = RepeatedPositional(.file("HISTORY"), "Histories or bundles to judge")
    static let historyFile = Option(
        "history-file", .file(), "A history to judge, as the reference tool takes it")
    static let checks = DefaultedOption(
        "checks", ValueType<Checks>.choice("SET"), default: .all, shown: "all",
        "Which checks judge")
    static let rendering = DefaultedOption(
        "format", ValueType<Rendering>.choice("FORMAT"), default: .text, shown: "text",
        "How the judgement is printed")
    /// For commands that show no page.
    static let format = DefaultedOption(
        "format", ValueType<Format>.choice("FORMAT"), default: .text, shown: "text",
        "How the judgement is printed")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "analyze", summary: "Judges recorded histories",
            discussion: [
                "A history is the native record of a run, or a text of version 1. A record that "
                    + "was cut off, because the tool was killed, is judged as far as it goes: "
                    + "what was asked and never answered counts as ambiguous.",
                "A text of version 1 tells only what was answered, not when it was asked, so it "
                    + "is judged by the reference analysis, and no more is concluded.",
                "`--checks reference` judges texts of version 1 and prints, byte for byte, what "
                    + "the reference tool prints; it ends with 0 when the gate passed, and with 1 "
                    + "when it is blocked or a history cannot be read.",
                "`--format html` prints the page that lies as report.html in every bundle; it is "
                    + "the page of one history.",
                "Of several histories the worst decides the exit status: blocked, then unknown, "
                    + "then passed.",
            ],
            arguments: [histories, historyFile, checks, rendering],
            examples: [
                CommandExample(
                    "allocdb-jepsen analyze artifacts/*-*/", purpose: "Judge all bundles again"),
                CommandExample(
                    "allocdb-jepsen analyze --history-file history.txt --checks reference",
                    purpose: "Exactly what the reference tool says"),
                CommandExample(
                    "allocdb-jepsen analyze --format json history.txt",
                    purpose: "The judgement for a program"),
                CommandExample(
                    "allocdb-jepsen analyze --format html history.record > report.html",
                    purpose: "The judgement as a page that opens from disk"),
            ],
            exitStatuses: ExitCode.described([
                .passed, .blocked, .unknown, .usage, .internalError,
            ])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let paths = arguments[histories] + (arguments[historyFile].map { [$0] } ?? [])
        guard !paths.isEmpty else { throw UsageError.missingArgument("HISTORY") }
        switch (arguments[checks], arguments[rendering]) {
        case (.reference, .json), (.reference, .html):
            let name = arguments[rendering].rawValue
            throw UsageError.contradiction(
                "`--checks reference` prints the reference's own text; "
                    + "leave `--format \(name)` out")
        case (.reference, .text):
            return printReference(paths)
        case (.all, .text):
            let terminal = Terminal.detect(1)
            return judge(paths) { $0.text(on: terminal) }
        case (.all, .json):
            return judge(paths) { $0.json.compact + "\n" }
        case (.all, .html):
            guard paths.count == 1 else {
                throw UsageError.contradiction("a page shows one history; name one")
            }
            let page = ReportPage(judging: paths[0])
            StandardStreams.writeOutput(String(decoding: try page.bytes(), as: UTF8.self))
            return ReportCommand.exitCode(of: page).rawValue
        }
    }

    private static func judge(_ paths: [String], _ render: (HistoryAnalysis) -> String) -> Int32 {
        var worst = ExitCode.passed
        for path in paths {
            let analysis = HistoryAnalysis(of: path)
            StandardStreams.writeOutput(render(analysis))
            switch (worst, analysis.verdict) {
            case (_, .blocked): worst = .blocked
            case (.passed, .unknown): worst = .unknown
            case (_, .unknown), (_, .passed): break
            }
        }
        return worst.rawValue
    }

    /// One history is printed as the reference prints it. Several, which the reference does not
    /// take, each begin with a line that names the file.
    private static func printReference(_ paths: [String]) -> Int32 {
        var status: Int32 = 0
        for path in paths {
            let output = ReferenceOutput(ofFile: path)
            if paths.count > 1 { StandardStreams.writeOutput("history_file=\(path)\n") }
            StandardStreams.writeOutput(output.standardOutput)
            StandardStreams.writeError(output.standardError)
            status = max(status, output.exitStatus)
        }
        return status
    }
}
