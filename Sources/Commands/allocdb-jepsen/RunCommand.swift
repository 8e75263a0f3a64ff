import Campaign
import CommandDescriptions
import Conducting
import JSONText
import Matrix
import Nemesis
import SystemCalls
import Terminal
import Testbed
import Workload

enum RunCommand {
    static let seconds = ValueType<UInt64>.wholeNumber(
        "SECONDS", in: 1...604_800, of: "seconds")

    static let runIDs = RepeatedPositional(
        ValueType<String>.word("RUN-ID", of: RunMatrix.all.map(\.id)),
        "The runs, as `plan` lists them")
    static let all = Flag("all", "Carries out all seventeen runs")
    static let matrix = Option(
        "matrix",
        ValueType<String>(
            placeholder: "FILE", expectation: "a file's path or a matrix's name", completion: .files
        ) { $0.isEmpty ? nil : $0 },
        "Carries out the runs of a matrix: a YAML file, or one of "
            + MatrixFile.builtInNames.joined(separator: ", "))
    static let lanes = Option(
        "lanes", ValueType<Int>.wholeNumber("N", in: CampaignPlan.lanesRange, of: "lanes"),
        "Clusters that work side by side; without it 1")
    static let failFast = Flag(
        "fail-fast", "Begins no further run after one that is not passed")
    static let resume = Option(
        "resume", .folder("CAMPAIGN"),
        "Goes on with the campaign in that folder; runs that ended are not repeated")
    static let testbed = Option(
        "testbed", ValueType<TestbedKind>.choice("KIND"),
        "Where the cluster runs; without it where the matrix says, else local")
    static let hosts = Option(
        "hosts", .file("FILE"),
        "The machines of --testbed ssh: a file as docs/reference/hosts.md says")
    static let replicaBinary = Option(
        "replica-binary", .file("PATH"),
        "The daemon under test: any program that speaks the cluster's protocols; without it the "
            + "allocdb-local-cluster beside this tool")
    static let faultWindow = Option(
        "fault-window", seconds,
        "How long faults are injected; without it the run's minimum, which `plan` shows")
    static let concurrency = Option(
        "concurrency", ValueType<Int>.wholeNumber("N", in: RunOptions.concurrencyRange),
        "Clients that work at the same time; without it \(RunOptions.defaultConcurrency)")
    static let rate = Option(
        "rate", ValueType<UInt64>.wholeNumber("OPS", in: 1...100_000, of: "operations per second"),
        "Operations per second that all clients together ask for; without it "
            + "\(UInt64(RunOptions.defaultRate))")
    static let style = Option(
        "style", ValueType<WorkloadStyle>.choice("STYLE"),
        "Many clients at once, or the reference's scenarios step by step, for daemons that "
            + "tolerate nothing else; without it concurrent")
    static let seed = Option(
        "seed", ValueType<UInt64>.wholeNumber("N"),
        "All random choices follow from it; without it one is drawn and printed")
    static let faults = Option(
        "faults", faultNames,
        "Injects these kinds of faults instead of the run's own, one or several, each on targets "
            + "drawn from the seed")
    static let schedule = Option(
        "schedule", .file("FILE"),
        "Injects exactly the faults of this schedule, for example the schedule.txt of a bundle")
    static let outputRoot = DefaultedOption(
        "output-root", .folder("DIR"), default: "artifacts",
        "Where status files and bundles are written")
    static let quiet = Flag("quiet", "Prints nothing but the result")
    static let json = Flag("json", "Prints progress and result as JSON, one object per line")

    /// Shortens the fault window where no option can be passed (validation.md 9.3).
    static let windowVariable = "ALLOCDB_JEPSEN_FAULT_WINDOW_SECS_OVERRIDE"

    /// `crash,pause`: every word names a fault, none twice.
    static let faultNames = ValueType<[String]>(
        placeholder: "NAMES",
        expectation: "names of faults (docs/reference/faults.md) with commas between",
        completion: .words(FaultVocabulary.names)
    ) { text in
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let isGood =
            Set(names).count == names.count
            && names.allSatisfy { FaultVocabulary.names.contains($0) }
        return isGood ? names : nil
    }

    static let command = ToolCommand(
        description: CommandDescription(
            name: "run", summary: "Carries out runs and judges them",
            discussion: [
                "A run starts three replicas on this machine, as processes on loopback or each in "
                    + "a network namespace of its own, or on other machines reached by SSH, lets "
                    + "clients work on them, injects its faults, heals, retries what is ambiguous, reads everything once more, "
                    + "and judges the recorded history. The evidence lies in a bundle under the "
                    + "output root, whatever the verdict.",
                "The schedule of faults is printed before the run and lies in the bundle.",
                "Several runs, --all, --matrix or --lanes make a campaign: a folder under the "
                    + "output root with one folder per run, and a summary as campaign.json, "
                    + "junit.xml and summary.md. Each run is a process of its own. Control runs "
                    + "come first, as a smoke pass; a run that is not passed does not stop the "
                    + "others. The worst verdict decides the exit status: interrupted, blocked, "
                    + "unknown, passed. A campaign that was cut off, even by a kill, goes on with "
                    + "--resume.",
                "A window shorter than the run's minimum is fine to work with, but the run then "
                    + "does not count for the release gate, and says so.",
                "The result goes to standard output; progress goes to standard error, unless "
                    + "--json is given.",
                "Interrupting (SIGINT, SIGTERM, SIGHUP) heals, stops the replicas and bundles "
                    + "what there is; a second signal leaves at once. What a killed run leaves "
                    + "behind is cleaned up by the next one.",
                "\(windowVariable) in the environment replaces the minimum fault window of a run "
                    + "with faults when neither --fault-window nor a matrix says otherwise.",
            ],
            arguments: [
                runIDs, all, matrix, lanes, failFast, resume, testbed, hosts, replicaBinary,
                faultWindow, faults, schedule, style, concurrency, rate, seed, outputRoot, quiet,
                json,
            ],
            examples: [
                CommandExample(
                    "allocdb-jepsen run reservation_contention-crash-restart --fault-window 15",
                    purpose: "A short run, to see it work"),
                CommandExample(
                    "allocdb-jepsen run reservation_contention-crash-restart --fault-window 60 "
                        + "--faults pause,stale-primary,restart-storm",
                    purpose: "Three kinds of faults instead of the run's own"),
                CommandExample(
                    "allocdb-jepsen run reservation_contention-control --seed 7 --concurrency 20",
                    purpose: "Twenty clients, no faults, choices that can be repeated"),
                CommandExample(
                    "allocdb-jepsen run reservation_contention-crash-restart "
                        + "--replica-binary ./other-daemon --json",
                    purpose: "Judge another daemon, for a program that reads along"),
                CommandExample(
                    "allocdb-jepsen run --matrix release-gate --lanes 2 --fault-window 120",
                    purpose: "The whole gate in short, two clusters side by side"),
                CommandExample(
                    "allocdb-jepsen run --resume artifacts/campaign-release-gate-1764000000000",
                    purpose: "Go on after a power cut"),
            ],
            exitStatuses: ExitCode.described(ExitCode.allCases)),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let ids = arguments[runIDs]
        let mode: RunDisplay.Mode =
            arguments[json] ? .json : arguments[quiet] ? .silent : .terminal(Terminal.detect(2))
        if arguments[resume] == nil, !arguments[all], arguments[matrix] == nil,
            arguments[lanes] == nil, ids.count == 1
        {
            return try carryOutOne(arguments, ids[0], mode, words)
        }
        do {
            return try CampaignArguments(arguments: arguments, mode: mode, words: words)
                .session().carryOut()
        } catch let error as CampaignFolder.Failure {
            throw UsageError.contradiction("\(error)")
        }
    }

    private static func carryOutOne(
        _ arguments: ParsedArguments, _ id: String, _ mode: RunDisplay.Mode, _ words: [String]
    ) throws -> Int32 {
        try refuseBoth(arguments)
        let request = RunRequest(
            number: 1, runID: id, testbed: (arguments[testbed] ?? .local).rawValue,
            hosts: arguments[hosts].map { (try? FileSystem.resolve($0)) ?? $0 },
            style: arguments[style]?.rawValue, faults: arguments[faults] ?? [],
            schedule: arguments[schedule],
            window: arguments[faultWindow] ?? windowOverride(for: id, Environment[windowVariable]),
            rate: arguments[rate] ?? UInt64(RunOptions.defaultRate),
            concurrency: arguments[concurrency] ?? RunOptions.defaultConcurrency,
            seed: arguments[seed] ?? drawnSeed())
        var options = try options(
            of: request, replicaBinary: try arguments[replicaBinary] ?? besideThisTool())
        options.outputRoot = arguments[outputRoot]
        options.commandLine = words
        return try carryOut(options, mode)
    }

    /// Carries out one run in this process, shows it, prints its result, and returns the exit code.
    static func carryOut(_ options: RunOptions, _ mode: RunDisplay.Mode) throws -> Int32 {
        try announce(options, mode)
        do {
            try Campaign.prepareProcess(for: options.testbed)
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        let watch = try InterruptionWatch(options.interruption)
        defer { watch.end() }
        var display = RunDisplay(mode: mode)
        let result: RunResult
        do {
            result = try Campaign.run(options) { snapshot in
                display.show(snapshot).write()
            }
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        display.end().write()
        let summary = RunSummary(result: result)
        let terminal = Terminal.detect(1)
        switch mode {
        case .json: StandardStreams.writeOutput(summary.json.compact + "\n")
        case .silent, .terminal: StandardStreams.writeOutput(summary.text(on: terminal))
        }
        return result.exitCode
    }

    /// Prints what will be done to the cluster.
    private static func announce(_ options: RunOptions, _ mode: RunDisplay.Mode) throws {
        let schedule: NemesisSchedule
        do {
            schedule = try Campaign.schedule(for: options)
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        switch mode {
        case .silent, .json: break
        case .terminal:
            if !schedule.rounds.isEmpty { StandardStreams.writeError(schedule.text) }
        }
    }

    /// Faults by name, or one by one.
    static func refuseBoth(_ arguments: ParsedArguments) throws(UsageError) {
        if arguments[faults] != nil, arguments[schedule] != nil {
            throw .contradiction("--faults and --schedule cannot both be given")
        }
    }

    private static func faultPlan(_ request: RunRequest) throws(UsageError) -> FaultPlan {
        if let path = request.schedule {
            do {
                let bytes = try FileSystem.read(path, limit: scheduleLimit)
                let text = String(decoding: bytes, as: UTF8.self)
                return .schedule(try NemesisSchedule(text: text), path: path)
            } catch {
                throw .contradiction("\(path): \(error)")
            }
        }
        return request.faults.isEmpty ? .family : .named(request.faults)
    }

    /// Longest schedule file, in bytes.
    static let scheduleLimit = 64 << 20

    /// What the run of a request is told. The output's place and the interruption are the caller's.
    static func options(
        of request: RunRequest, replicaBinary: String
    ) throws(UsageError) -> RunOptions {
        var options = RunOptions(
            runID: request.runID, replicaBinary: replicaBinary,
            faultWindow: request.window.map(Duration.seconds), concurrency: request.concurrency,
            rate: Double(request.rate), seed: request.seed, toolVersion: Tool.version,
            faults: try faultPlan(request))
        guard let testbed = TestbedKind(rawValue: request.testbed) else {
            throw .contradiction("this version has no testbed `\(request.testbed)`")
        }
        options.testbed = testbed
        options.hostsFile = request.hosts
        if let word = request.style {
            guard let style = WorkloadStyle(rawValue: word) else {
                throw .contradiction("this version has no style `\(word)`")
            }
            options.style = style
        }
        return options
    }

    /// Short enough to be typed.
    static func drawnSeed() -> UInt64 { UInt64.random(in: 0...UInt64(UInt32.max)) }

    /// The daemon that is installed with this tool.
    static func besideThisTool() throws -> String {
        let folder = Path.parent(of: try Processes.ownExecutable()) ?? "."
        return Path.join(folder, "allocdb-local-cluster")
    }

    /// What a matrix may name.
    static let vocabulary = MatrixVocabulary(
        testbeds: TestbedKind.allCases.map(\.rawValue),
        styles: WorkloadStyle.allCases.map(\.rawValue),
        faults: FaultVocabulary.names)

    /// The environment's window: trimmed, a decimal number above 0, and only for runs that have
    /// a window; anything else is ignored (validation.md 9.3).
    static func windowOverride(for id: String, _ text: String?) -> UInt64? {
        guard let run = RunMatrix.run(id: id), run.minimumFaultWindow != nil else { return nil }
        return windowNumber(text)
    }

    static func windowNumber(_ text: String?) -> UInt64? {
        guard let text, let number = UInt64(Self.trimmed(text)), number > 0 else { return nil }
        return number
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
