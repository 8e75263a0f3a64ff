import Checking
import CommandDescriptions
import JSONText
import SystemCalls
import Terminal

/// The codes of findings on the command line.
enum PromiseCodes {
    private static let words = FindingCode.allCases.map(\.rawValue)

    /// One code, or the number of its promise; errors suggest the nearest.
    static let one = ValueType<FindingCode>(
        placeholder: "CODE",
        expectation: "the code of a finding, as docs/reference/promises.md "
            + "lists them", completion: .words(words), parse: code)

    /// Some codes, separated by commas. Each is looked at later, for an error that names it.
    static let list = ValueType<String>(
        placeholder: "CODES", expectation: "codes of findings, separated by commas",
        completion: .words(words)
    ) { $0.isEmpty ? nil : $0 }

    private static func code(_ text: String) -> FindingCode? {
        FindingCode(rawValue: text) ?? Promise.all.first { "\($0.number)" == text }?.code
    }

    static func selection(
        only: [String], skip: [String]
    ) throws(UsageError) -> PromiseSelection {
        let wanted = try codes(in: only, of: "--only")
        let unwanted = try codes(in: skip, of: "--skip")
        if let both = wanted.first(where: unwanted.contains) {
            throw .contradiction("`\(both.rawValue)` is in `--only` and in `--skip`")
        }
        if let always = unwanted.first(where: { !PromiseSelection.isOptional($0) }) {
            throw .contradiction(
                "`\(always.rawValue)` cannot be left out: nothing means anything in a record that "
                    + "is not whole")
        }
        return PromiseSelection(only: wanted, skip: unwanted)
    }

    private static func codes(
        in texts: [String], of option: String
    ) throws(UsageError) -> [FindingCode] {
        var codes: [FindingCode] = []
        for word in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            guard let code = code(String(word)) else {
                throw .invalidValue(
                    argument: option, value: String(word), expectation: one.expectation,
                    suggestion: Suggestions.nearest(to: String(word), among: words))
            }
            codes.append(code)
        }
        return codes
    }

    // MARK: - Explaining

    static func explain(
        _ code: FindingCode, as form: AnalyzeCommand.Rendering
    ) throws(UsageError) -> Int32 {
        switch form {
        case .text: StandardStreams.writeOutput(text(code.promise, on: Terminal.detect(1)))
        case .json: StandardStreams.writeOutput(json(code.promise).compact + "\n")
        case .junit, .html, .sarif:
            throw .contradiction("`--explain` is printed as text or json")
        }
        return ExitCode.passed.rawValue
    }

    private static func parts(of promise: Promise) -> [(name: String, text: String)] {
        [
            ("Broken by", promise.evidence),
            ("Found by", promise.checker.filter { $0 != "`" }),
            ("Cannot be known", promise.unknowable), ("Specified in", promise.section),
            ("Look first at", promise.advice),
        ]
    }

    private static func text(_ promise: Promise, on terminal: Terminal) -> String {
        let width = terminal.textWidth
        var lines = [
            "\(terminal.styled(promise.code.rawValue, .bold))  (promise \(promise.number))"
        ]
        lines += TextLayout.wrap(promise.statement, width: width, indent: "  ")
        for (name, text) in parts(of: promise) {
            lines += ["", "  \(name):"]
            lines += TextLayout.wrap(text, width: width, indent: "    ")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func json(_ promise: Promise) -> JSONText {
        .object([
            "code": .string(promise.code.rawValue), "promise": .number(promise.number),
            "statement": .string(promise.statement), "broken_by": .string(promise.evidence),
            "found_by": .string(promise.checker), "cannot_be_known": .string(promise.unknowable),
            "specified_in": .string(promise.section), "look_first_at": .string(promise.advice),
        ])
    }
}
