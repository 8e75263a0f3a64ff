import CommandDescriptions
import Conducting
import Nemesis
import SystemCalls

enum ShrinkCommand {
    static let bundles = RepeatedPositional(
        .folder("BUNDLE"), "The folder of a blocked run's bundle")
    static let resume = Option(
        "resume", .folder("SEARCH"), "Goes on with the search in that folder, as it was begun")
    static let findings = RepeatedOption(
        "finding", .text("CODE"),
        "Keeps this finding; without it any of the bundle's findings will do")
    static let tries = DefaultedOption(
        "tries", ValueType<Int>.wholeNumber("N", in: 1...100, of: "runs"), default: 3,
        "How often a smaller run may fail to show the finding before it is given up")
    static let budget = DefaultedOption(
        "budget", ValueType<Int>.wholeNumber("RUNS", in: 1...10_000, of: "runs"), default: 100,
        "Most runs of the whole search")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "shrink", summary: "Looks for the smallest run that still shows a finding",
            discussion: [
                "Takes the bundle of a blocked run and repeats it with less and less: half the "
                    + "window as long as that will do, then fewer rounds of faults, then fewer "
                    + "faults, then the shortest window. What cannot be left out is what it takes.",
                "Runs are not deterministic: a smaller run counts as one that does not show the "
                    + "finding only after it failed to in --tries runs. A finding that shows "
                    + "rarely needs more of them.",
                "Every try is kept in a folder under the output root, with a link named "
                    + "`smallest` to the bundle of the smallest run. A search that was cut off, even "
                    + "by a kill, goes on with --resume and repeats no run that ended.",
            ],
            arguments: [
                bundles, resume, findings, tries, budget, RunCommand.replicaBinary,
                RunCommand.outputRoot, RunCommand.quiet,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen shrink "
                        + "artifacts/reservation_contention-crash-restart-1764000000000 --tries 5",
                    purpose: "Which of the faults does it take?")
            ],
            exitStatuses: [
                ExitStatusDescription(
                    ExitCode.passed.rawValue,
                    "the smallest run that was found lies in the folder, also when the budget "
                        + "ended the search before its end"),
                ExitStatusDescription(
                    ExitCode.unknown.rawValue, "the bundle's own run did not show the finding again"
                ),
            ] + ExitCode.described([.interrupted, .usage, .internalError])),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let given = arguments[bundles]
        if let folder = arguments[resume] {
            guard given.isEmpty, arguments[findings].isEmpty,
                arguments[RunCommand.replicaBinary] == nil,
                arguments[tries] == tries.fallback, arguments[budget] == budget.fallback,
                arguments[RunCommand.outputRoot] == RunCommand.outputRoot.fallback
            else {
                throw UsageError.contradiction(
                    "`--resume` goes on with a search as it was begun; leave the rest out")
            }
            guard let plan = ShrinkPlan(in: folder) else {
                throw UsageError.contradiction("`\(folder)` is no search of `shrink`")
            }
            return try ShrinkRunner(
                plan: plan, folder: CampaignFolder(path: folder),
                isQuiet: arguments[RunCommand.quiet], words: words
            ).carryOut()
        }
        guard given.count == 1 else { throw UsageError.missingArgument("BUNDLE") }
        let plan = try newPlan(arguments, bundle: given[0])
        let folder = try plan.create(below: arguments[RunCommand.outputRoot])
        return try ShrinkRunner(
            plan: plan, folder: CampaignFolder(path: folder),
            isQuiet: arguments[RunCommand.quiet], words: words
        ).carryOut()
    }

    private static func newPlan(
        _ arguments: ParsedArguments, bundle: String
    ) throws -> ShrinkPlan {
        let found = try ReplayCommand.read(
            bundle, replicaBinary: arguments[RunCommand.replicaBinary])
        guard !found.codes.isEmpty else {
            throw UsageError.contradiction("the run of `\(bundle)` has no finding to keep")
        }
        for code in arguments[findings] where !found.codes.contains(code) {
            throw UsageError.contradiction(
                "the bundle has no finding `\(code)`; it has " + found.codes.joined(separator: ", ")
            )
        }
        var request = found.request
        request.schedule = try request.schedule.map { try FileSystem.resolve($0) }
        let faults = try ShrinkRunner.schedule(of: request)?.rounds.map(\.steps.count) ?? []
        return ShrinkPlan(
            request: request,
            replicaBinary: (try? FileSystem.resolve(found.replicaBinary)) ?? found.replicaBinary,
            faultsOfRounds: faults,
            codes: arguments[findings].isEmpty ? found.codes : arguments[findings],
            tries: arguments[tries], budget: arguments[budget])
    }
}
