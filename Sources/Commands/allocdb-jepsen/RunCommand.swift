import Campaign
import CommandDescriptions
import JSONText
import Matrix
import Nemesis
import SystemCalls
import Terminal
import Testbed

enum RunCommand {
    static let seconds = ValueType<UInt64>.wholeNumber(
        "SECONDS", in: 1...604_800, of: "seconds")

    static let runID = Positional(
        ValueType<String>.word("RUN-ID", of: RunMatrix.all.map(\.id)),
        "The run, as `plan` lists it")
    static let testbed = DefaultedOption(
        "testbed", ValueType<TestbedKind>.choice("KIND"), default: .local, shown: "local",
        "Where the cluster runs")
    static let replicaBinary = Option(
        "replica-binary", .file("PATH"),
        "The daemon under test: any program that speaks the cluster's protocols; without it the "
            + "allocdb-local-cluster beside this tool")
    static let faultWindow = Option(
        "fault-window", seconds,
        "How long faults are injected; without it the run's minimum, which `plan` shows")
    static let concurrency = DefaultedOption(
        "concurrency", ValueType<Int>.wholeNumber("N", in: RunOptions.concurrencyRange),
        default: RunOptions.defaultConcurrency, "Clients that work at the same time")
    static let rate = DefaultedOption(
        "rate", ValueType<UInt64>.wholeNumber("OPS", in: 1...100_000, of: "operations per second"),
        default: UInt64(RunOptions.defaultRate),
        "Operations per second that all clients together ask for")
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
            name: "run", summary: "Carries out one run and judges it",
            discussion: [
                "Starts three replicas on this machine, as processes on loopback or each in a "
                    + "network namespace of its own, lets clients work on them, injects the "
                    + "run's faults, heals, retries what is ambiguous, reads everything once more, "
                    + "and judges the recorded history. The evidence lies in a bundle under the "
                    + "output root, whatever the verdict.",
                "The schedule of faults is printed before the run and lies in the bundle.",
                "The result goes to standard output; progress goes to standard error, unless "
                    + "--json is given.",
                "Interrupting (SIGINT, SIGTERM, SIGHUP) heals, stops the replicas and bundles "
                    + "what there is; a second signal leaves at once. What a killed run leaves "
                    + "behind is cleaned up by the next one.",
                "\(windowVariable) in the environment replaces the minimum fault window of a run "
                    + "with faults when --fault-window is not given.",
            ],
            arguments: [
                runID, testbed, replicaBinary, faultWindow, faults, schedule, concurrency, rate,
                seed, outputRoot, quiet, json,
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
            ],
            exitStatuses: ExitCode.described(ExitCode.allCases)),
        carryOut: carryOut)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let options = try self.options(arguments, words: words)
        try announce(options, quietly: arguments[json] || arguments[quiet])
        do {
            try Campaign.prepareProcess(for: options.testbed)
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        let watch = try InterruptionWatch(options.interruption)
        defer { watch.end() }
        var display = RunDisplay(
            mode: arguments[json]
                ? .json : arguments[quiet] ? .silent : .terminal(Terminal.detect(2)))
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
        StandardStreams.writeOutput(
            arguments[json] ? summary.json.compact + "\n" : summary.text(on: terminal))
        return result.exitCode
    }

    /// Prints what will be done to the cluster.
    private static func announce(_ options: RunOptions, quietly: Bool) throws {
        let schedule: NemesisSchedule
        do {
            schedule = try Campaign.schedule(for: options)
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        if !quietly, !schedule.rounds.isEmpty { StandardStreams.writeError(schedule.text) }
    }

    private static func faultPlan(_ arguments: ParsedArguments) throws -> FaultPlan {
        switch (arguments[faults], arguments[schedule]) {
        case (nil, nil): return .family
        case (let names?, nil): return .named(names)
        case (_?, _?):
            throw UsageError.contradiction("--faults and --schedule cannot both be given")
        case (nil, let path?):
            do {
                let bytes = try FileSystem.read(path, limit: scheduleLimit)
                let text = String(decoding: bytes, as: UTF8.self)
                return .schedule(try NemesisSchedule(text: text), path: path)
            } catch {
                throw UsageError.contradiction("\(path): \(error)")
            }
        }
    }

    /// Longest schedule file, in bytes.
    static let scheduleLimit = 64 << 20

    private static func options(
        _ arguments: ParsedArguments, words: [String]
    ) throws -> RunOptions {
        let id = try arguments[runID]
        let binary: String
        if let given = arguments[replicaBinary] {
            binary = given
        } else {
            let folder = Path.parent(of: try Processes.ownExecutable()) ?? "."
            binary = Path.join(folder, "allocdb-local-cluster")
        }
        let window = arguments[faultWindow] ?? windowOverride(for: id, Environment[windowVariable])
        var options = RunOptions(
            runID: id, replicaBinary: binary, faultWindow: window.map(Duration.seconds),
            concurrency: arguments[concurrency], rate: Double(arguments[rate]),
            seed: arguments[seed] ?? UInt64.random(in: 0...UInt64(UInt32.max)),
            outputRoot: arguments[outputRoot], commandLine: words, toolVersion: Tool.version,
            faults: try faultPlan(arguments))
        options.testbed = arguments[testbed]
        return options
    }

    /// The environment's window: trimmed, a decimal number above 0, and only for runs that have
    /// a window; anything else is ignored (validation.md 9.3).
    static func windowOverride(for id: String, _ text: String?) -> UInt64? {
        guard let run = RunMatrix.run(id: id), run.minimumFaultWindow != nil, let text,
            let number = UInt64(Self.trimmed(text)), number > 0
        else { return nil }
        return number
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
