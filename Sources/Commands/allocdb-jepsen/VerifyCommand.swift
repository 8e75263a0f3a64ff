import CommandDescriptions
import Reporting
import SystemCalls

enum VerifyCommand {
    static let bundle = Positional(.folder("BUNDLE"), "The folder of a bundle")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "verify", summary: "Compares a bundle with its manifest",
            discussion: [
                "Every file must be there, with the size and the SHA-256 that manifest.json "
                    + "names, and no other file. This shows whether a bundle is what the run left; "
                    + "`analyze` judges it again."
            ],
            arguments: [bundle],
            examples: [
                CommandExample(
                    "allocdb-jepsen verify artifacts/reservation_contention-control-1764000000000",
                    purpose: "Is it still what the run left?")
            ],
            exitStatuses: [
                ExitStatusDescription(ExitCode.passed.rawValue, "the bundle is what the run left"),
                ExitStatusDescription(
                    ExitCode.blocked.rawValue, "it is not; each difference is a line"),
            ] + ExitCode.described([.usage])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let folder = try arguments[bundle]
        let problems = BundleVerification.problems(of: folder)
        if problems.isEmpty {
            StandardStreams.writeOutput("bundle=\(folder)\nmanifest=verified\n")
            return ExitCode.passed.rawValue
        }
        let lines = problems.map { "problem=\($0)\n" }.joined()
        StandardStreams.writeOutput("bundle=\(folder)\nmanifest=different\n" + lines)
        return ExitCode.blocked.rawValue
    }
}
