/// A list of runs as people write it down: one YAML file (docs/reference/matrices.md).
public struct MatrixFile: Hashable, Sendable {
    public let name: String
    /// One sentence for lists; empty when the file has none.
    public let description: String
    public let runs: [MatrixRun]

    public init(name: String, description: String, runs: [MatrixRun]) {
        self.name = name
        self.description = description
        self.runs = runs
    }

    /// Most runs of one matrix, repeats counted.
    public static let mostRuns = 10_000
    /// Longest window, in seconds: a week.
    public static let longestWindow: UInt64 = 604_800
}

/// One run of a matrix file, as often as it is to be carried out.
public struct MatrixRun: Hashable, Sendable {
    /// One of the ids of `RunMatrix`.
    public var runID: String
    /// The window in seconds; nil leaves it to the caller, and then to the run's minimum.
    public var window: UInt64?
    /// Operations per second of all clients.
    public var rate: UInt64?
    public var concurrency: Int?
    public var testbed: String?
    public var style: String?
    /// Names of faults that take the place of the nemesis family's own.
    public var faults: [String]
    /// How often the run is carried out, each time with another seed.
    public var repeats: Int
    /// Seeds to use instead of derived ones, one run for each; empty for derived seeds.
    public var seeds: [UInt64]
    /// Where it stands in the file, from 1.
    public var line: Int

    public init(runID: String, line: Int = 0) {
        self.runID = runID
        self.line = line
        window = nil
        rate = nil
        concurrency = nil
        testbed = nil
        style = nil
        faults = []
        repeats = 1
        seeds = []
    }

    /// Runs that this entry stands for.
    public var count: Int { seeds.isEmpty ? repeats : seeds.count }
}

/// The words that a matrix may use and that this module does not know: what runs can do is known
/// to those who carry them out.
public struct MatrixVocabulary: Hashable, Sendable {
    public var testbeds: [String]
    public var styles: [String]
    public var faults: [String]

    public init(testbeds: [String], styles: [String], faults: [String]) {
        self.testbeds = testbeds
        self.styles = styles
        self.faults = faults
    }
}

/// What is wrong with a matrix file, and where.
public struct MatrixError: Error, Hashable, Sendable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let column: Int
    public let problem: String
    /// The line as it stands in the file.
    public let text: String

    public var description: String {
        let blanks = String(repeating: " ", count: max(0, column - 1))
        let quotation = text.isEmpty ? "" : "\n    \(text)\n    \(blanks)^"
        return "\(file):\(line):\(column): \(problem)\(quotation)"
    }
}
