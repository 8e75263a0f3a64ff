import Campaign
import CommandDescriptions
import Conducting
import Matrix
import SystemCalls
import Testbed
import Workload

/// What the command line of `run` says about a campaign.
struct CampaignArguments {
    let arguments: ParsedArguments
    let mode: RunDisplay.Mode
    let words: [String]

    /// The session of a new campaign, or of the one to go on with. Nothing has been started, and
    /// everything that can be refused has been.
    func session() throws -> CampaignSession {
        let failFast = arguments[RunCommand.failFast]
        if let path = arguments[RunCommand.resume] {
            let folder = CampaignFolder(path: path)
            try refuseBesideResume()
            var plan = try folder.plan()
            plan.lanes = arguments[RunCommand.lanes] ?? plan.lanes
            try check(plan)
            return CampaignSession(
                plan: plan, folder: folder, failFast: failFast, mode: mode, words: words)
        }
        let plan = try newPlan()
        try check(plan)
        let folder = try CampaignFolder.create(below: arguments[RunCommand.outputRoot], plan)
        return CampaignSession(
            plan: plan, folder: folder, failFast: failFast, mode: mode, words: words)
    }

    /// The campaign's plan says all this already, and half a campaign of another kind is none.
    private func refuseBesideResume() throws(UsageError) {
        let others: [(isGiven: Bool, name: String)] = [
            (!arguments[RunCommand.runIDs].isEmpty, "RUN-ID"), (arguments[RunCommand.all], "--all"),
            (arguments[RunCommand.matrix] != nil, "--matrix"),
            (arguments[RunCommand.testbed] != nil, "--testbed"),
            (arguments[RunCommand.hosts] != nil, "--hosts"),
            (arguments[RunCommand.replicaBinary] != nil, "--replica-binary"),
            (arguments[RunCommand.faultWindow] != nil, "--fault-window"),
            (arguments[RunCommand.faults] != nil, "--faults"),
            (arguments[RunCommand.schedule] != nil, "--schedule"),
            (arguments[RunCommand.style] != nil, "--style"),
            (arguments[RunCommand.concurrency] != nil, "--concurrency"),
            (arguments[RunCommand.rate] != nil, "--rate"),
            (arguments[RunCommand.seed] != nil, "--seed"),
            (
                arguments[RunCommand.outputRoot] != RunCommand.outputRoot.fallback, "--output-root"
            ),
        ]
        if let other = others.first(where: { $0.isGiven }) {
            throw .contradiction(
                "`--resume` goes on with a campaign as it was planned; leave `\(other.name)` out")
        }
    }

    private func newPlan() throws -> CampaignPlan {
        try RunCommand.refuseBoth(arguments)
        var settings = CampaignPlan.Settings()
        settings.testbed = arguments[RunCommand.testbed]?.rawValue
        settings.hosts = try arguments[RunCommand.hosts].map { try FileSystem.resolve($0) }
        settings.style = arguments[RunCommand.style]?.rawValue
        settings.faults = arguments[RunCommand.faults] ?? []
        settings.schedule = try arguments[RunCommand.schedule].map { try FileSystem.resolve($0) }
        settings.window = arguments[RunCommand.faultWindow]
        settings.windowInsteadOfMinimum = RunCommand.windowNumber(
            Environment[RunCommand.windowVariable])
        settings.rate = arguments[RunCommand.rate]
        settings.concurrency = arguments[RunCommand.concurrency]
        // A path that this process could change its folder away from is none for a worker.
        let binary = try arguments[RunCommand.replicaBinary] ?? RunCommand.besideThisTool()
        return CampaignPlan(
            try chosenRuns(), settings: settings,
            seed: arguments[RunCommand.seed] ?? RunCommand.drawnSeed(),
            lanes: arguments[RunCommand.lanes] ?? 1,
            replicaBinary: (try? FileSystem.resolve(binary)) ?? binary,
            usualRate: UInt64(RunOptions.defaultRate),
            usualConcurrency: RunOptions.defaultConcurrency)
    }

    private func chosenRuns() throws -> MatrixFile {
        let ids = arguments[RunCommand.runIDs]
        let chosen = [!ids.isEmpty, arguments[RunCommand.all], arguments[RunCommand.matrix] != nil]
        guard chosen.count(where: { $0 }) <= 1 else {
            throw UsageError.contradiction("either RUN-IDs, or `--all`, or `--matrix`")
        }
        if let matrix = arguments[RunCommand.matrix] { return try Self.matrix(matrix) }
        guard chosen.contains(true) else {
            throw UsageError.contradiction(
                "which runs? RUN-IDs, `--all`, `--matrix FILE` or `--resume CAMPAIGN`")
        }
        return MatrixFile(
            name: ids.isEmpty ? "all" : "runs", description: "",
            runs: (ids.isEmpty ? RunMatrix.all.map(\.id) : ids).map { MatrixRun(runID: $0) })
    }

    /// A file if there is one of that path, else the tool's own of that name.
    static func matrix(_ given: String) throws -> MatrixFile {
        let bytes: [UInt8]
        if FileSystem.exists(given) {
            bytes = try FileSystem.read(given, limit: 16 << 20)
        } else if let text = MatrixFile.builtIn(given) {
            bytes = Array(text.utf8)
        } else {
            let near = Suggestions.nearest(to: given, among: MatrixFile.builtInNames)
            throw UsageError.invalidValue(
                argument: "--matrix", value: given,
                expectation: "a file, nor one of "
                    + MatrixFile.builtInNames.joined(separator: ", "),
                suggestion: near)
        }
        do throws(MatrixError) {
            return try MatrixFile(bytes, file: given, vocabulary: RunCommand.vocabulary)
        } catch {
            throw UsageError.contradiction("\(error)")
        }
    }

    /// Every run must be one that can be carried out here, before the first one begins.
    private func check(_ plan: CampaignPlan) throws {
        for request in plan.requests {
            let options = try RunCommand.options(
                of: request, replicaBinary: plan.replicaBinary)
            do throws(Campaign.UsageError) {
                _ = try Campaign.schedule(for: options)
                try Campaign.prepareProcess(for: options.testbed)
            } catch {
                throw UsageError.contradiction("run \(request.number): \(error)")
            }
        }
    }
}
