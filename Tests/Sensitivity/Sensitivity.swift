import BugCatalogue
import CommandDescriptions
import Conducting
import DurableFiles
import Matrix
import Synchronization
import SystemCalls

/// The command behind `make sensitivity`: which run finds which bug, how surely and how soon.
enum Sensitivity {
    private static let bugs = RepeatedOption(
        "bug", ValueType<Bug>.choice("NAME"), "Measures this bug; without it all")
    private static let seeds = DefaultedOption(
        "seeds", ValueType<Int>.wholeNumber("N", in: 1...1000, of: "seeds"), default: 10,
        shown: "10", "Runs of each bug, with the seeds from 1")
    private static let soundSeeds = DefaultedOption(
        "sound-seeds", ValueType<Int>.wholeNumber("N", in: 0...1000, of: "seeds"), default: 0,
        shown: "0", "Runs of the real daemon for each run of the matrix")
    private static let least = DefaultedOption(
        "least", ValueType<Int>.wholeNumber("PERCENT", in: 0...100, of: "percent"), default: 90,
        shown: "90", "In how many of its runs each bug must be found")
    private static let lanes = DefaultedOption(
        "lanes", ValueType<Int>.wholeNumber("N", in: 1...64, of: "lanes"), default: 2,
        shown: "2", "Clusters side by side")
    private static let matrix = DefaultedOption(
        "matrix", ValueType<String>.file(), default: "matrices/sensitivity.yaml",
        shown: "matrices/sensitivity.yaml", "The runs")
    private static let output = DefaultedOption(
        "output-root", ValueType<String>.folder(), default: "artifacts/sensitivity",
        shown: "artifacts/sensitivity", "Where runs and bundles are kept")
    private static let document = Option(
        "document", ValueType<String>.file(), "Writes the table to this file as well")

    static let description = CommandDescription(
        name: "sensitivity", summary: "Measures which run finds which bug of a broken daemon",
        arguments: [bugs, seeds, soundSeeds, least, lanes, matrix, output, document],
        exitStatuses: [
            ExitStatusDescription(0, "every bug was found often enough"),
            ExitStatusDescription(1, "one was not, or the real daemon was blocked"),
            ExitStatusDescription(130, "interrupted; the same command goes on"),
            ExitStatusDescription(254, "wrong usage"),
            ExitStatusDescription(255, "an error of this command"),
        ])

    static func main(_ line: [String]) -> Int32 {
        Signals.ignoreBrokenPipes()
        do {
            switch try description.parse(Array(line.dropFirst())) {
            case .help(let path):
                StandardStreams.writeOutput(description.helpText(path: path, width: 80))
            case .version: StandardStreams.writeOutput("sensitivity\n")
            case .run(let parsed): return try measure(parsed.arguments)
            }
            return 0
        } catch let error as LocatedUsageError {
            StandardStreams.writeError("\(error)\n")
            return 254
        } catch {
            StandardStreams.writeError("sensitivity: \(error)\n")
            return 255
        }
    }

    private static func measure(_ arguments: ParsedArguments) throws -> Int32 {
        let watch = try SignalWatch()
        let measurement = Measurement(
            matrix: try Measurement.matrix(at: arguments[matrix]),
            seeds: 1...UInt64(arguments[seeds]), output: try absolute(arguments[output]),
            programs: Path.parent(of: try Processes.ownExecutable()) ?? ".",
            isInterrupted: { watch.isAsked }, tell: { StandardStreams.writeError("\($0)\n") })
        let chosen = arguments[bugs]
        let broken = (chosen.isEmpty ? Bug.allCases : chosen).map(Measurement.Subject.bug)
        let soundSeeds = UInt64(arguments[soundSeeds])
        let runs =
            soundSeeds == 0
            ? []
            : measurement.matrix.runs.map {
                Measurement.Subject.sound($0, seeds: 1...soundSeeds)
            }
        let all = try measurement.rows(broken + runs, lanes: arguments[lanes])
        if watch.isAsked { return 130 }
        let (rows, sound) = (Array(all.prefix(broken.count)), Array(all.dropFirst(broken.count)))
        let text = SensitivityDocument(rows: rows, sound: sound, lanes: arguments[lanes]).text
        if let path = arguments[document] {
            try DurableFiles.replace(path, with: Array(text.utf8))
        }
        StandardStreams.writeOutput(text)
        let missed = rows.filter {
            $0.found.count * 100 < $0.detections.count * arguments[least]
        }
        for row in missed {
            StandardStreams.writeError(
                "\(row.name) was found in \(row.found.count) of \(row.detections.count) runs\n")
        }
        let blamed = sound.filter { row in row.detections.contains { $0.verdict == .blocked } }
        for row in blamed { StandardStreams.writeError("the real daemon: \(row.run) is blocked\n") }
        return missed.isEmpty && blamed.isEmpty ? 0 : 1
    }

    /// Workers run in folders of their own.
    private static func absolute(_ folder: String) throws -> String {
        try FileSystem.createFolders(folder)
        return try FileSystem.resolve(folder)
    }
}

/// Remembers that somebody asked for the end.
private final class SignalWatch: Sendable {
    private let signals: SignalReader
    private let asked = Mutex(false)

    /// Before any thread exists.
    init() throws(SystemError) {
        signals = try SignalReader([Signals.interrupt, Signals.terminate, Signals.hangUp])
    }

    var isAsked: Bool {
        asked.withLock { asked in
            if signals.next() != nil { asked = true }
            return asked
        }
    }
}
