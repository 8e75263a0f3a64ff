/// How a workload asks.
public enum WorkloadStyle: String, Sendable, Hashable, CaseIterable {
    /// Many clients at once, each with its own sequence of intents, faults by schedule.
    case concurrent
    /// The reference's scenarios, one step at a time, faults as steps (validation.md 10): for
    /// daemons that tolerate nothing else, and for comparison.
    case scripted
}
