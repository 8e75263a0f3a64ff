public import Testbed
public import Workload

/// Everything that decides one run. Two runs with equal options ask the same questions in the
/// same order of faults; what differs is timing.
public struct RunOptions: Sendable {
    /// One of the ids of the run matrix (validation.md 1.4).
    public var runID: String
    /// The daemon under test: any program with the command line and the protocols of
    /// cluster-runner.md. An absolute path, or one relative to the working folder.
    public var replicaBinary: String
    /// How long faults are injected; nil means the matrix's minimum (validation.md 1.4). A control
    /// run works that long without faults.
    public var faultWindow: Duration?
    /// Number of clients that work at the same time, each with one operation in flight.
    public var concurrency: Int
    /// Operations per second of all clients together.
    public var rate: Double
    /// All random choices follow from it.
    public var seed: UInt64
    /// Where the cluster runs.
    public var testbed: TestbedKind = .local
    /// The machines of the testbed `ssh`: a file as docs/reference/hosts.md says.
    public var hostsFile: String?
    /// Folder for status files, the event log and bundles; created when missing.
    public var outputRoot: String
    /// The words the tool was started with, for the bundle.
    public var commandLine: [String]
    public var toolVersion: String
    /// Which faults are injected.
    public var faults: FaultPlan
    /// Many clients at once, or the reference's scenarios step by step. A script takes its faults
    /// from its steps; rate and concurrency mean nothing to it.
    public var style: WorkloadStyle
    /// Raised from outside (SIGINT, SIGTERM) to end the run early.
    public var interruption: Interruption

    public init(
        runID: String, replicaBinary: String, faultWindow: Duration? = nil,
        concurrency: Int = RunOptions.defaultConcurrency, rate: Double = RunOptions.defaultRate,
        seed: UInt64, outputRoot: String = "artifacts", commandLine: [String] = [],
        toolVersion: String, faults: FaultPlan = .family,
        style: WorkloadStyle = .concurrent,
        interruption: Interruption = Interruption()
    ) {
        self.runID = runID
        self.replicaBinary = replicaBinary
        self.faultWindow = faultWindow
        self.concurrency = concurrency
        self.rate = rate
        self.seed = seed
        self.outputRoot = outputRoot
        self.commandLine = commandLine
        self.toolVersion = toolVersion
        self.faults = faults
        self.style = style
        self.interruption = interruption
    }

    public static let defaultConcurrency = 5
    public static let concurrencyRange = 1...256
    /// Enough to contend without filling the machine that also carries the three replicas.
    public static let defaultRate = 400.0
}
