import Checking
import CommandDescriptions
import History
import Searching
import SystemCalls

/// The benchmarks. Each prints what it measured beside a yardstick measured in the same run, so
/// that figures of different machines can be compared.
enum Bench {
    private static let events = DefaultedOption(
        "events", ValueType<Int>.wholeNumber("N", in: 1000...100_000_000, of: "events"),
        default: 1_000_000, shown: "1000000", "How many events are recorded")
    private static let historyFile = Option(
        "history-file", ValueType<String>.file(),
        "A history in text version 1 to measure instead of one that is made")
    private static let largest = DefaultedOption(
        "largest",
        ValueType<Int>.wholeNumber("N", in: 1_000_000...1_000_000_000, of: "events"),
        default: 10_000_000, shown: "10000000",
        "How many events the largest native record has; each before it has a tenth")
    private static let recordFile = Option(
        "record", ValueType<String>.file(), "Measures this native record alone")

    private static let seconds = DefaultedOption(
        "seconds", ValueType<Int>.wholeNumber("N", in: 1...600, of: "seconds"), default: 5,
        shown: "5", "Length of each load")
    private static let folder = Option(
        "folder", ValueType<String>.folder(),
        "Where the cluster lives during the benchmark; its disk is the one measured")
    private static let daemon = Option(
        "replica-binary", ValueType<String>.file(),
        "The daemon to measure instead of the allocdb-local-cluster beside this program")

    private static let megabytes = DefaultedOption(
        "megabytes", ValueType<Int>.wholeNumber("N", in: 1...10_000, of: "megabytes"),
        default: 100, shown: "100", "Size of the file that is copied")

    private static let searched = Option(
        "history-file", ValueType<String>.file(),
        "Measures this history alone, instead of the table; needs --model")
    private static let model = Option(
        "model", ValueType<ModelKind>.choice("MODEL"), "What the history is of")

    static let description = CommandDescription(
        name: "allocdb-bench",
        summary: "Measures the parts of this package against yardsticks of the same run",
        subcommands: [
            CommandDescription(
                name: "cluster", summary: "What writes, reads and idling cost three replicas",
                discussion: [
                    "Starts three daemons on loopback with real syncs, and puts one client and "
                        + "then 64 on them. Times stand beside a bare append and sync on the same "
                        + "disk in the same run."
                ],
                arguments: [seconds, folder, daemon],
                examples: [
                    CommandExample("allocdb-bench cluster", purpose: "On the temporary folder")
                ]),
            CommandDescription(
                name: "recorder", summary: "What recording costs a client", arguments: [events],
                examples: [
                    CommandExample("allocdb-bench recorder", purpose: "A million events")
                ]),
            CommandDescription(
                name: "analyze", summary: "What reading and judging histories costs",
                discussion: [
                    "Measures a text of version 1 beside counting its lines: a given one, or one "
                        + "of a million events of the usual shape, which it makes.",
                    "Makes native records of a million events and more, judges each in a process "
                        + "of its own, and prints a table with tabs: events, seconds, million "
                        + "events per second, processor seconds, megabytes at most, verdict. "
                        + "Then where the time goes, seen by looking many times what the judge "
                        + "is at, and how far it is to the limit of the machine.",
                ],
                arguments: [historyFile, largest, recordFile],
                examples: [
                    CommandExample(
                        "allocdb-bench analyze --history-file large.txt",
                        purpose: "Native records, and a text beside counting its lines"),
                    CommandExample(
                        "allocdb-bench analyze --largest 100000000",
                        purpose: "Up to a hundred million events: some minutes, 2 GB of disk"),
                ]),
            CommandDescription(
                name: "switch", summary: "What the switch of the namespaces testbed carries",
                discussion: [
                    "Moves full frames and small ones between two ports of a user-space switch, "
                        + "and a TCP stream between two network namespaces, each beside the same "
                        + "without the switch. The goals are 200 MB/s and 50 microseconds."
                ],
                arguments: [seconds],
                examples: [
                    CommandExample("allocdb-bench switch", purpose: "Five seconds each")
                ]),
            CommandDescription(
                name: "remote", summary: "What working on another machine over SSH costs",
                discussion: [
                    "Starts an OpenSSH server on loopback with keys of its own, and puts round "
                        + "trips, connections, commands and a file through it, each beside the "
                        + "same without SSH. The goals are 2 ms more per round trip, 10 ms per "
                        + "command on a kept session, and 80 MB/s."
                ],
                arguments: [megabytes],
                examples: [
                    CommandExample("allocdb-bench remote", purpose: "With a file of 100 MB")
                ]),
            CommandDescription(
                name: "search", summary: "What searching for an order of operations costs",
                discussion: [
                    "Makes the histories of the table of targets, searches each in a process of "
                        + "its own, and prints a table with tabs: milliseconds of reading, "
                        + "searching and the processor, megabytes at most, and what part of "
                        + "the target that is."
                ],
                arguments: [searched, model],
                examples: [
                    CommandExample("allocdb-bench search", purpose: "The whole table"),
                    CommandExample(
                        "allocdb-bench search --model register --history-file history.edn",
                        purpose: "One history"),
                ]),
        ],
        exitStatuses: [
            ExitStatusDescription(0, "measured"), ExitStatusDescription(254, "wrong usage"),
            ExitStatusDescription(255, "an error of this tool"),
        ])

    static func main(_ line: [String]) -> Int32 {
        do {
            switch try description.parse(Array(line.dropFirst())) {
            case .help(let path):
                StandardStreams.writeOutput(description.helpText(path: path, width: 80))
            case .version:
                StandardStreams.writeOutput("allocdb-bench \(PackageVersion.text)\n")
            case .run(let parsed): try carryOut(parsed)
            }
            return 0
        } catch let error as LocatedUsageError {
            StandardStreams.writeError("\(error)\n")
            return 254
        } catch {
            StandardStreams.writeError("allocdb-bench: \(error)\n")
            return 255
        }
    }

    private static func carryOut(_ parsed: ParsedCommand) throws {
        switch parsed.path {
        case ["recorder"]: try recorder(parsed.arguments)
        case ["cluster"]: try cluster(parsed.arguments)
        case ["analyze"]:
            try analyze(parsed.arguments)
        case ["search"]: try search(parsed.arguments)
        case ["switch"]:
            let bench = SwitchBench(seconds: parsed.arguments[seconds])
            StandardStreams.writeOutput(try bench.run())
        case ["remote"]: try remote(parsed.arguments)
        case let path:
            throw LocatedUsageError(
                .unknownCommand(path.joined(separator: " "), suggestion: nil), path: [],
                tool: description.name)
        }
    }

    private static func remote(_ arguments: ParsedArguments) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-bench")
        defer { try? FileSystem.removeTree(folder) }
        let bench = RemoteBench(megabytes: arguments[megabytes], folder: folder)
        StandardStreams.writeOutput(try bench.run())
    }

    private static func recorder(_ arguments: ParsedArguments) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-bench")
        defer { try? FileSystem.removeTree(folder) }
        let report = try RecorderBenchmark.run(eventCount: arguments[events], folder: folder)
        StandardStreams.writeOutput(report.description)
    }

    private static func analyze(_ arguments: ParsedArguments) throws {
        if let path = arguments[recordFile] {
            return StandardStreams.writeOutput(try AnalyzeBench.judgeOne(path))
        }
        let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-bench")
        defer { try? FileSystem.removeTree(folder) }
        let bench = AnalyzeBench(folder: folder, largest: arguments[largest])
        StandardStreams.writeOutput(MachineFacts.line)
        StandardStreams.writeOutput(try bench.text(arguments[historyFile]))
        StandardStreams.writeOutput(try bench.records())
    }

    private static func search(_ arguments: ParsedArguments) throws {
        switch (arguments[searched], arguments[model]) {
        case (let path?, let kind?):
            StandardStreams.writeOutput(try SearchBench.searchOne(path, kind: kind))
        case (nil, nil):
            let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-bench")
            defer { try? FileSystem.removeTree(folder) }
            StandardStreams.writeOutput(try SearchBench(folder: folder).run())
        case (nil, _?), (_?, nil):
            throw LocatedUsageError(
                .contradiction("`--history-file` and `--model` go together"), path: ["search"],
                tool: description.name)
        }
    }

    private static func cluster(_ arguments: ParsedArguments) throws {
        let place: String
        if let chosen = arguments[folder] {
            place = Path.join(chosen, "allocdb-bench-\(Processes.ownID)")
            try FileSystem.createFolders(place)
        } else {
            place = try FileSystem.makeTemporaryFolder(prefix: "allocdb-bench")
        }
        defer { try? FileSystem.removeTree(place) }
        let sibling = Path.join(
            Path.parent(of: try Processes.ownExecutable()) ?? ".", "allocdb-local-cluster")
        let bench = ClusterBench(
            seconds: arguments[seconds], folder: place,
            daemon: arguments[daemon] ?? sibling)
        StandardStreams.writeOutput(try bench.run())
    }
}
