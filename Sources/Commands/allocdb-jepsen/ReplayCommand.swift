import Campaign
import CommandDescriptions
import Conducting
import Reporting
import SystemCalls
import Terminal

enum ReplayCommand {
    static let bundle = Positional(.folder("BUNDLE"), "The folder of a bundle")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "replay", summary: "Carries out the run of a bundle again",
            discussion: [
                "The same run with the same seed, settings and schedule of faults: every client "
                    + "intends the same, and the same faults come in the same order. What happens "
                    + "also depends on timing, so a finding may not show again at the first time; "
                    + "`shrink` tries several times.",
                "Without --replica-binary the daemon is the one that the bundle names. When it has "
                    + "changed since, a line says so.",
            ],
            arguments: [
                bundle, RunCommand.replicaBinary, RunCommand.outputRoot, RunCommand.quiet,
                RunCommand.json,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen replay "
                        + "artifacts/reservation_contention-crash-restart-1764000000000",
                    purpose: "Does it happen again?")
            ],
            exitStatuses: ExitCode.described(ExitCode.allCases)),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let path = try arguments[bundle]
        let found = try read(path, replicaBinary: arguments[RunCommand.replicaBinary])
        var options = try RunCommand.options(
            of: found.request, replicaBinary: found.replicaBinary)
        options.outputRoot = arguments[RunCommand.outputRoot]
        options.commandLine = words
        let mode: RunDisplay.Mode =
            arguments[RunCommand.json]
            ? .json : arguments[RunCommand.quiet] ? .silent : .terminal(Terminal.detect(2))
        return try RunCommand.carryOut(options, mode)
    }

    /// The run of a bundle, and what a person should know before it is believed.
    static func read(_ path: String, replicaBinary: String?) throws(UsageError) -> BundleRequest {
        var found: BundleRequest
        do throws(BundleRequest.Failure) {
            found = try BundleRequest(bundle: path)
        } catch {
            throw .contradiction("`\(path)`: \(error)")
        }
        for problem in BundleVerification.problems(of: path) {
            StandardStreams.writeError("note: the bundle is not what its run left: \(problem)\n")
        }
        if let replicaBinary { found.replicaBinary = replicaBinary }
        let digest = BundleVerification.digest(ofFile: found.replicaBinary)
        if let digest, let known = found.replicaDigest, digest != known {
            StandardStreams.writeError(
                "note: \(found.replicaBinary) is not the daemon that the bundle is of\n")
        }
        return found
    }
}
