import Checking
import CommandDescriptions
import Interchange
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
        case junit
        /// The report page of one history.
        case html
        case sarif
    }

    static let histories = RepeatedPositional(
        .file("HISTORY"), "Histories, bundles, folders of either, or `-` for standard input")
    static let historyFile = Option(
        "history-file", .file(), "A history to judge, as the reference tool takes it")
    static let checks = DefaultedOption(
        "checks", ValueType<Checks>.choice("SET"), default: .all, shown: "all",
        "Which checks judge")
    static let rendering = DefaultedOption(
        "format", ValueType<Rendering>.choice("FORMAT"), default: .text, shown: "text",
        "How the judgement is printed")
    static let only = RepeatedOption(
        "only", PromiseCodes.list, "Judge by these promises alone (codes, separated by commas)")
    static let skip = RepeatedOption(
        "skip", PromiseCodes.list, "Leave these promises out (codes, separated by commas)")
    static let jobs = Option(
        "jobs", ValueType<Int>.wholeNumber("N", in: 1...64, of: "threads"),
        "Histories that are judged at a time; of one, threads that read it (default: processors)")
    static let explain = Option(
        "explain", PromiseCodes.one, "Say what a finding means and what to look at first")
    static let extract = Option(
        "extract", .folder("DIR"),
        "Write the smallest part of the history that still shows each finding into this folder")
    /// For commands that show no page.
    static let format = DefaultedOption(
        "format", ValueType<Format>.choice("FORMAT"), default: .text, shown: "text",
        "How the judgement is printed")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "analyze", summary: "Judges recorded histories",
            discussion: [
                "A history is the native record of a run, the same as JSON lines or EDN, or a text "
                    + "of version 1. A record that was cut off, because the tool was killed, is "
                    + "judged as far as it goes: what was asked and never answered counts as "
                    + "ambiguous. Of a folder every history and every bundle in it is judged.",
                "Every finding has the code and the number of the promise that it breaks "
                    + "(docs/reference/promises.md, `--explain CODE`), a severity, the stage that "
                    + "decided, the operations involved with their places in the file, and a "
                    + "paragraph that can be checked by hand.",
                "`--only` and `--skip` leave promises out. The output names them, and such a "
                    + "history does not pass: where nothing else is found it is unknown.",
                "A text of version 1 tells only what was answered, not when it was asked. What the "
                    + "reference analysis reports is looked at again, and only what nothing else "
                    + "can explain blocks; it passes as far as a text tells.",
                "`--checks reference` judges texts of version 1 and prints, byte for byte, what "
                    + "the reference tool prints; it ends with 0 when the gate passed, and with 1 "
                    + "when it is blocked or a history cannot be read.",
                "`--format html` prints the page that lies as report.html in every bundle; it is "
                    + "the page of one history. `sarif` is for code-scanning services, `junit` for "
                    + "build servers, `json` one object in a line for each history.",
                "`--extract DIR` writes a file for each finding of one history: the smallest part "
                    + "found that still shows it, as JSON lines that `analyze` judges again, and "
                    + "an index. What `analyze` finds in it is the same finding; where it finds "
                    + "nothing the extract is unknown, and never passes. Nothing is overwritten: "
                    + "the folder is empty, or not there yet.",
                "Of several histories a table is printed, the worst first; the worst decides the "
                    + "exit status: blocked, then unknown, then passed.",
            ],
            arguments: [
                histories, historyFile, checks, rendering, only, skip, extract, jobs, explain,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen analyze artifacts", purpose: "Judge all bundles again"),
                CommandExample(
                    "allocdb-jepsen analyze --history-file history.txt --checks reference",
                    purpose: "Exactly what the reference tool says"),
                CommandExample(
                    "allocdb-jepsen analyze --format json history.txt",
                    purpose: "The judgement for a program"),
                CommandExample(
                    "allocdb-jepsen analyze --format html history.record > report.html",
                    purpose: "The judgement as a page that opens from disk"),
                CommandExample(
                    "allocdb-jepsen analyze --extract findings history.record",
                    purpose: "The few operations behind each finding, to be judged again"),
                CommandExample(
                    "allocdb-jepsen analyze --explain stale-read",
                    purpose: "What that finding means"),
                CommandExample(
                    "allocdb-jepsen analyze --skip unresolved-ambiguity history.record",
                    purpose: "What else is there?"),
            ],
            exitStatuses: ExitCode.described([
                .passed, .blocked, .unknown, .usage, .internalError,
            ])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let given = arguments[histories] + (arguments[historyFile].map { [$0] } ?? [])
        let form = arguments[rendering]
        if let code = arguments[explain] {
            guard given.isEmpty else {
                throw UsageError.contradiction(
                    "`--explain` explains a code and judges nothing; leave the histories out")
            }
            return try PromiseCodes.explain(code, as: form)
        }
        guard !given.isEmpty else { throw UsageError.missingArgument("HISTORY") }
        let selection = try PromiseCodes.selection(
            only: arguments[only], skip: arguments[skip])
        guard arguments[checks] == .all else {
            guard form == .text else {
                throw UsageError.contradiction(
                    "`--checks reference` prints the reference's own text; "
                        + "leave `--format \(form.rawValue)` out")
            }
            guard selection == .all else {
                throw UsageError.contradiction(
                    "`--checks reference` carries out all checks of the reference; "
                        + "leave `--only` and `--skip` out")
            }
            guard arguments[extract] == nil else {
                throw UsageError.contradiction(
                    "`--checks reference` judges texts, of which no extract is made; "
                        + "leave `--extract` out")
            }
            return printReference(given)
        }
        let input = try AnalyzeInput(given)
        defer { input.clear() }
        let folder = arguments[extract]
        if let folder { try checkExtractFolder(folder, input, form) }
        if form == .html { return try printPage(input, selection) }
        let work = AnalyzeWork(
            input: input, selection: selection, jobs: arguments[jobs] ?? Processors.count,
            keepsEvents: folder != nil)
        let results = try work.carryOut()
        if let folder { try writeExtracts(results, to: folder) }
        switch form {
        case .text: StandardStreams.writeOutput(results.text(on: Terminal.detect(1)))
        case .json: StandardStreams.writeOutput(results.json)
        case .junit: StandardStreams.writeOutput(results.junit)
        case .sarif: StandardStreams.writeOutput(results.sarif.indented)
        case .html: break
        }
        return results.exitCode.rawValue
    }

    private static func checkExtractFolder(
        _ folder: String, _ input: AnalyzeInput, _ form: Rendering
    ) throws {
        guard input.files.count == 1, form != .html else {
            throw UsageError.contradiction(
                "extracts are made of one history, and not with `--format html`; name one")
        }
        guard (try? HistoryForm.of(input.files[0].given)) != .text else {
            throw UsageError.contradiction(
                "a text of version 1 cannot say that it is an extract; none is made of it")
        }
        guard !FileSystem.exists(folder) || (try? FileSystem.list(folder)) == [] else {
            throw UsageError.contradiction(
                "\(folder) is not an empty folder, and nothing is overwritten")
        }
    }

    private static func writeExtracts(_ results: AnalyzeResults, to folder: String) throws {
        // Of what cannot be read the judgement says so.
        guard let row = results.rows.first, let history = row.history,
            let extracts = FindingExtracts(of: history, named: row.path, by: results.selection)
        else { return }
        try extracts.write(to: folder)
        let (findings, written) = extracts.counts
        StandardStreams.writeError(
            "extracts of \(written) of \(findings) findings: "
                + "\(Path.join(folder, FindingExtracts.indexName))\n")
    }

    private static func printPage(
        _ input: AnalyzeInput, _ selection: PromiseSelection
    ) throws -> Int32 {
        guard input.files.count == 1 else {
            throw UsageError.contradiction("a page shows one history; name one")
        }
        let page = ReportPage(judging: input.files[0].given, by: selection)
        StandardStreams.writeOutput(String(decoding: try page.bytes(), as: UTF8.self))
        return ReportCommand.exitCode(of: page).rawValue
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
