/// Carries out runs of the matrix.
public enum Campaign {
    /// A run that cannot even be begun, by the caller's mistake. Everything that goes wrong later
    /// is a verdict.
    public enum UsageError: Error, Equatable, Sendable, CustomStringConvertible {
        case unknownRunID(String)
        /// The run exists in the matrix, but this version has no workload or nemesis for it.
        case unsupportedRun(String, supported: [String])
        case replicaBinaryNotExecutable(String)
        case invalidConcurrency(Int)
        case invalidRate(Double)

        public var description: String {
            switch self {
            case .unknownRunID(let id):
                "no run `\(id)` in the matrix; `plan` lists them all"
            case .unsupportedRun(let id, let supported):
                "run `\(id)` cannot be carried out by this version; it carries out "
                    + supported.joined(separator: ", ")
            case .replicaBinaryNotExecutable(let path):
                "`\(path)` is not an executable file; name the daemon with --replica-binary"
            case .invalidConcurrency(let count):
                "\(count) clients; allowed are \(RunOptions.concurrencyRange.lowerBound) to "
                    + "\(RunOptions.concurrencyRange.upperBound)"
            case .invalidRate(let rate):
                "a rate of \(rate) operations per second; it must be above 0"
            }
        }
    }

    /// Carries out one run and returns when everything it started is gone. Blocks the calling
    /// thread for the whole run, so never call it from a Swift task.
    ///
    /// `progress` is called on the calling thread, about five times a second and at every change
    /// of phase.
    public static func run(
        _ options: RunOptions, progress: (RunSnapshot) -> Void
    ) throws(UsageError) -> RunResult {
        throw .unsupportedRun(options.runID, supported: [])
    }
}
