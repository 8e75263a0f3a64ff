import CommandDescriptions
import Reporting
import SystemCalls

enum ReportCommand {
    static let bundle = Positional(.folder("BUNDLE"), "The folder of a bundle")
    static let output = Option(
        "output", .file(), "Where to write the page instead of into the bundle")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "report", summary: "Writes the report page of a bundle again",
            discussion: [
                "Every bundle holds report.html: verdict, findings with their operations and "
                    + "their line of time, latency and throughput, the replicas' roles, faults, "
                    + "and how to run it again. It needs no network and no other file. This "
                    + "command makes it again from the record and from the conclusions in "
                    + "manifest.json, and puts its new digest there; nothing is judged again, and "
                    + "no other file changes. A bundle that was never completed is judged first.",
                "`analyze --format html` judges anew and prints the page.",
            ],
            arguments: [bundle, output],
            examples: [
                CommandExample(
                    "allocdb-jepsen report artifacts/reservation_contention-control-1764000000000",
                    purpose: "The page as this version of the tool draws it"),
                CommandExample(
                    "allocdb-jepsen report --output page.html BUNDLE",
                    purpose: "Leave the bundle as it is"),
            ],
            exitStatuses: [
                ExitStatusDescription(ExitCode.passed.rawValue, "the page is written"),
                ExitStatusDescription(
                    ExitCode.unknown.rawValue, "it is not: the folder is no bundle"),
            ] + ExitCode.described([.usage, .internalError])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let folder = try arguments[bundle]
        do throws(BundleReport.Failure) {
            let page = try BundleReport.page(of: folder)
            let path = arguments[output]
            if let path {
                try BundleReport.write(page, to: path)
            } else {
                try BundleReport.write(page, into: folder)
            }
            let written = path ?? Path.join(folder, ReportPage.fileName)
            StandardStreams.writeOutput("report=\(written)\n")
            return ExitCode.passed.rawValue
        } catch {
            StandardStreams.writeError("\(error)\n")
            switch error {
            case .noBundle, .manifest, .record: return ExitCode.unknown.rawValue
            case .system, .noDigests: return ExitCode.internalError.rawValue
            }
        }
    }

    /// How a command ends that showed this page.
    static func exitCode(of page: ReportPage) -> ExitCode {
        switch page.facts.verdict {
        case .passed: .passed
        case .blocked: .blocked
        case .unknown, .interrupted: .unknown
        }
    }
}
