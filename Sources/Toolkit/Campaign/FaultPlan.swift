import Matrix
public import Nemesis
import Testbed

/// Where the faults of a run come from.
public enum FaultPlan: Hashable, Sendable {
    /// The family that the run id names.
    case family
    /// These kinds of faults alone, by name, in a schedule that follows from the seed.
    case named([String])
    /// A schedule as it stands in the file of that path.
    case schedule(NemesisSchedule, path: String)

    /// Why these faults cannot be injected.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case controlRun(String)
        case unknownFault(String)
        /// One line for each kind of fault.
        case notOnThisTestbed([String])

        public var description: String {
            switch self {
            case .controlRun(let id):
                "`\(id)` is a control run, which injects no faults; choose a run with faults"
            case .unknownFault(let name):
                "there is no fault `\(name)`; there are "
                    + FaultVocabulary.names.joined(separator: ", ")
            case .notOnThisTestbed(let lines): lines.joined(separator: "\n")
            }
        }
    }

    /// The schedule of a run. It follows from the seed, the window and this plan alone; what the
    /// testbed cannot do is refused here, before anything starts.
    func schedule(
        for run: RunDescriptor, seed: UInt64, window: Duration, on testbed: TestbedKind
    ) throws(Refusal) -> NemesisSchedule {
        let schedule = try schedule(for: run, seed: seed, window: window)
        let refusals = schedule.refusals(on: testbed.rawValue, with: testbed.offered)
        guard refusals.isEmpty else { throw .notOnThisTestbed(refusals) }
        return schedule
    }

    private func schedule(
        for run: RunDescriptor, seed: UInt64, window: Duration
    ) throws(Refusal) -> NemesisSchedule {
        switch self {
        case .family:
            switch run.nemesis {
            case .none: return .none(seed: seed)
            case .crashRestart: return .crashRestart(seed: seed, window: window)
            case .partitionHeal: return .partitionHeal(seed: seed, window: window)
            case .mixedFailover: return .mixedFailover(seed: seed, window: window)
            }
        case .named(let names):
            guard !run.isControl else { throw .controlRun(run.id) }
            var faults: [FaultDescription] = []
            for name in names {
                guard let fault = FaultVocabulary.description(of: FaultKind(name)) else {
                    throw .unknownFault(name)
                }
                faults.append(fault)
            }
            return .of(faults, seed: seed, window: window)
        case .schedule(let schedule, _):
            guard !run.isControl else { throw .controlRun(run.id) }
            return schedule
        }
    }

    /// The option that asks for the same faults again.
    var words: [String] {
        switch self {
        case .family: []
        case .named(let names): ["--faults", names.joined(separator: ",")]
        case .schedule(_, let path): ["--schedule", path]
        }
    }

    /// For the manifest.
    var word: String {
        switch self {
        case .family: "family"
        case .named: "named"
        case .schedule: "schedule"
        }
    }
}
