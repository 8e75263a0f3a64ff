import ClusterProtocol
import History
import LeaseKernel
import Reporting
import SystemCalls
import Testbed
import Workload

/// Looks at a run from the control thread: progress for people, and what the daemons do that
/// nobody asked for, which is evidence.
struct Watch {
    private(set) var snapshot: RunSnapshot
    private(set) var findings: [RunResult.Finding] = []
    /// What the replicas said of themselves since the recording began, where it changed.
    private(set) var observations: [ReplicaObservation] = []
    private let startedAt = Instant.now
    private var windowStart: Instant?
    private var lastProbe: Instant?
    private var rate: (at: Instant, operations: UInt64)?
    private var knownFaults: Set<String> = []

    static let probeInterval = Duration.milliseconds(700)

    init(runID: String) {
        snapshot = RunSnapshot(runID: runID)
    }

    var elapsed: Duration { Instant.now - startedAt }

    mutating func enter(_ phase: RunSnapshot.Phase) { snapshot.phase = phase }

    mutating func beginWindow(_ window: Duration) {
        windowStart = .now
        snapshot.window = window
    }

    mutating func endWindow() {
        windowStart = nil
        snapshot.window = .zero
        snapshot.windowElapsed = .zero
    }

    mutating func look(
        at counters: WorkloadCounters, unresolved: Int, fault: String?, injected: UInt64
    ) {
        let now = Instant.now
        snapshot.elapsed = now - startedAt
        snapshot.windowElapsed = windowStart.map { now - $0 } ?? .zero
        snapshot.operations = counters.completed
        snapshot.ambiguous = counters.ambiguous
        snapshot.unresolved = UInt64(max(0, unresolved))
        snapshot.currentFault = fault
        snapshot.faultsInjected = injected
        snapshot.findings = UInt64(findings.count)
        guard let last = rate else {
            rate = (now, counters.completed)
            return
        }
        let passed = Double((now - last.at).wholeNanoseconds) / 1e9
        guard passed >= 1 else { return }
        snapshot.operationsPerSecond = Double(counters.completed - last.operations) / passed
        rate = (now, counters.completed)
    }

    /// Probes the replicas now and then, and always takes note of daemons that have ended.
    /// `moment` is the time on the record's clock.
    mutating func look(
        at testbed: any Testbed, isEvidence: Bool, takeovers: UInt64, moment: RunInstant?
    ) {
        take(testbed.takeUnexpectedExits(), isEvidence: isEvidence)
        let now = Instant.now
        if let lastProbe, now - lastProbe < Self.probeInterval { return }
        lastProbe = now
        // An excuse that begins or ends while the replica answers covers the answer.
        let excusedBefore = testbed.excused.current
        let probes = testbed.probeAll()
        let excused = excusedBefore.union(testbed.excused.current)
        snapshot.replicas = probes.map { replica, probe in
            if isEvidence, !excused.contains(replica) { note(replica, probe, takeovers) }
            if let moment { observe(replica, probe, at: moment) }
            return RunSnapshot.Replica(
                id: replica.rawValue, role: probe.role?.word ?? "down",
                view: probe.status?.currentView.rawValue,
                commitLSN: probe.status?.commitLSN?.rawValue)
        }
    }

    private mutating func observe(
        _ replica: LeaseKernel.ReplicaID, _ probe: Probe, at moment: RunInstant
    ) {
        let new = ReplicaObservation(
            time: moment, replica: History.ReplicaID(replica.rawValue),
            role: probe.status?.state == .faulted ? "faulted" : probe.role?.word ?? "down",
            view: probe.status?.currentView.rawValue,
            commitLSN: (probe.status?.commitLSN?.rawValue).map { History.LSN($0) })
        var last = observations.last { $0.replica == new.replica }
        last?.time = new.time
        if last != new { observations.append(new) }
    }

    /// A daemon that ends by itself breaks the plainest promise there is.
    private mutating func take(_ exits: [UnexpectedExit], isEvidence: Bool) {
        guard isEvidence else { return }
        for exit in exits {
            let words = exit.lastLogLines.map { "  \($0)" }.joined(separator: "\n")
            findings.append(
                RunResult.Finding(
                    code: "daemon-exited",
                    explanation: "The daemon of replica \(exit.replica) ended although nobody "
                        + "stopped it: \(exit.status). The last lines of its log:\n\(words)"))
        }
    }

    /// So does one that, killed and started again, refuses to serve.
    private mutating func note(
        _ replica: LeaseKernel.ReplicaID, _ probe: Probe, _ takeovers: UInt64
    ) {
        guard let status = probe.status, status.state == .faulted else { return }
        let reason = status.faultReason ?? "no reason given"
        guard knownFaults.insert("\(replica) \(reason)").inserted else { return }
        let deeds =
            takeovers == 0
            ? "no folder was rewritten by this tool; the schedule says what was done"
            : "folders were rewritten \(takeovers) times for a new view; the schedule says what "
                + "else was done"
        findings.append(
            RunResult.Finding(
                code: "replica-faulted",
                explanation: "Replica \(replica) declares itself faulted: \(reason). In this run "
                    + "\(deeds)."))
    }
}
