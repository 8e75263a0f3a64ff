import CommandDescriptions
import DiskServer
import SystemCalls

/// The processes that a testbed needs besides its daemons. Not for people: the testbed starts
/// them, talks to them over their standard input and output, and they end with it.
enum Helper {
    static let folder = Positional(
        ValueType<String>.folder("FOLDER"), "Where the disk is mounted; an empty folder")
    static let capacity = DefaultedOption(
        "capacity", ValueType<Int>.wholeNumber("BYTES", in: 4096...(1 << 40), of: "bytes"),
        default: 1 << 30, shown: "1073741824",
        "Bytes that all files together may hold; they lie in memory")

    static let description = CommandDescription(
        name: "allocdb-jepsen-helper",
        summary: "Serves what allocdb-jepsen needs in processes of their own",
        discussion: ["Started by allocdb-jepsen; there is no need to start it by hand."],
        subcommands: [
            CommandDescription(
                name: "disk", summary: "Serves a disk in memory that fails on request",
                discussion: [
                    "Mounts a disk at FOLDER and serves it until standard input ends. Each line "
                        + "of input switches a fault on or off, cuts the power, or asks for the "
                        + "state; each is answered by one line."
                ],
                arguments: [folder, capacity]),
            CommandDescription(
                name: "clock", summary: "Says what time it is, for each line of input",
                discussion: [
                    "Prints the wall clock and the monotonic clock in nanoseconds. Started in the "
                        + "environment of a daemon, it sees the clocks that the daemon sees."
                ]),
        ],
        exitStatuses: [
            ExitStatusDescription(0, "served to the end"),
            ExitStatusDescription(1, "there is no disk; the first line says why"),
            ExitStatusDescription(254, "wrong usage"),
        ])

    static func main(_ line: [String]) -> Int32 {
        do {
            switch try description.parse(Array(line.dropFirst())) {
            case .help(let path):
                StandardStreams.writeOutput(description.helpText(path: path, width: 80))
            case .version:
                StandardStreams.writeOutput("\(description.name) \(PackageVersion.text)\n")
            case .run(let parsed):
                if parsed.path == ["clock"] { return tellTime() }
                return DiskServer.serve(
                    at: try parsed.arguments[folder], capacity: parsed.arguments[capacity])
            }
            return 0
        } catch {
            StandardStreams.writeError("\(error)\n")
            return 254
        }
    }

    private static func tellTime() -> Int32 {
        while readLine() != nil {
            StandardStreams.writeOutput("\(WallClock.nanoseconds) \(Instant.now.nanoseconds)\n")
        }
        return 0
    }
}

exitProcess(Helper.main(CommandLine.arguments))
