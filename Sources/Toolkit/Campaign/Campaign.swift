public import Matrix
public import Nemesis
import SystemCalls
public import Testbed
import Workload

/// Carries out runs of the matrix.
public enum Campaign {
    /// A run that cannot even be begun, by the caller's mistake. Everything that goes wrong later
    /// is a verdict.
    public enum UsageError: Error, Equatable, Sendable, CustomStringConvertible {
        case unknownRunID(String)
        case replicaBinaryNotExecutable(String)
        case invalidConcurrency(Int)
        case invalidRate(Double)
        /// This machine or this user cannot have the testbed.
        case testbedRefused(String)
        /// `ssh` and a file of hosts go together.
        case hostsMissing
        case hostsWithout(TestbedKind)
        case faults(FaultPlan.Refusal)
        case scriptWithFaults

        public var description: String {
            switch self {
            case .unknownRunID(let id):
                "no run `\(id)` in the matrix; `plan` lists them all"
            case .replicaBinaryNotExecutable(let path):
                "`\(path)` is not an executable file; name the daemon with --replica-binary"
            case .invalidConcurrency(let count):
                "\(count) clients; allowed are \(RunOptions.concurrencyRange.lowerBound) to "
                    + "\(RunOptions.concurrencyRange.upperBound)"
            case .faults(let refusal): "\(refusal)"
            case .scriptWithFaults:
                "a scripted run takes its faults from its steps; --faults and --schedule are for "
                    + "--style concurrent"
            case .invalidRate(let rate):
                "a rate of \(rate) operations per second; it must be above 0"
            case .testbedRefused(let reason): reason
            case .hostsMissing:
                "--testbed ssh needs --hosts FILE, which names the machines "
                    + "(docs/reference/hosts.md)"
            case .hostsWithout(let kind):
                "--hosts is for --testbed ssh; --testbed \(kind.rawValue) runs on this machine"
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
        let descriptor = try check(options)
        let window = window(of: descriptor, options)
        let schedule = try schedule(of: descriptor, options)
        return withoutActuallyEscaping(progress) { progress in
            do throws(RunFailure) {
                let evidence = try Evidence(
                    options, descriptor, window: window, schedule: schedule)
                var run = Run(
                    options, descriptor, window: window, evidence: evidence, show: progress)
                return run.carryOut()
            } catch {
                return RunResult(
                    runID: options.runID, seed: options.seed,
                    verdict: .unknown(reason: "the output folder cannot be used: \(error)"))
            }
        }
    }

    /// Takes the privileges that a testbed needs, or says why it cannot have them. Where they come
    /// from a user namespace, that works only while the process has a single thread: a command
    /// calls it before it starts any.
    public static func prepareProcess(for testbed: TestbedKind) throws(UsageError) {
        switch testbed {
        case .local, .ssh: break
        case .namespaces:
            do throws(TestbedError) {
                try NamespaceAccess.ensure()
            } catch {
                throw .testbedRefused("\(error)")
            }
        }
    }

    /// What will be done to the cluster by a run with these options.
    public static func schedule(for options: RunOptions) throws(UsageError) -> NemesisSchedule {
        try schedule(of: check(options), options)
    }

    private static func schedule(
        of descriptor: RunDescriptor, _ options: RunOptions
    ) throws(UsageError) -> NemesisSchedule {
        switch options.style {
        case .concurrent: break
        case .scripted:
            guard options.faults == .family else { throw .scriptWithFaults }
            return .none(seed: options.seed)
        }
        do throws(FaultPlan.Refusal) {
            return try options.faults.schedule(
                for: descriptor, seed: options.seed, window: window(of: descriptor, options),
                on: options.testbed)
        } catch {
            throw .faults(error)
        }
    }

    /// How long a control run works when nobody says.
    public static let controlWindow = RunEstimate.controlWindow

    static func window(of descriptor: RunDescriptor, _ options: RunOptions) -> Duration {
        options.faultWindow ?? descriptor.minimumFaultWindow ?? controlWindow
    }

    /// Whether a run can be carried out at all, without starting anything.
    public static func check(_ options: RunOptions) throws(UsageError) -> RunDescriptor {
        guard let descriptor = RunMatrix.run(id: options.runID) else {
            throw .unknownRunID(options.runID)
        }
        guard FileSystem.isExecutable(options.replicaBinary) else {
            throw .replicaBinaryNotExecutable(options.replicaBinary)
        }
        guard RunOptions.concurrencyRange.contains(options.concurrency) else {
            throw .invalidConcurrency(options.concurrency)
        }
        switch options.testbed {
        case .ssh: guard options.hostsFile != nil else { throw .hostsMissing }
        case .local, .namespaces:
            guard options.hostsFile == nil else { throw .hostsWithout(options.testbed) }
        }
        guard options.rate > 0, options.rate.isFinite else { throw .invalidRate(options.rate) }
        return descriptor
    }
}
