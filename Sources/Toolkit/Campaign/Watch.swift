import ClusterProtocol
import LeaseKernel
import SystemCalls
import Testbed
import Workload

/// Looks at a run from the control thread: progress for people, and what the daemons do that
/// nobody asked for, which is evidence.
struct Watch {
    private(set) var snapshot: RunSnapshot
    private(set) var findings: [RunResult.Finding] = []
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
    mutating func look(at testbed: any Testbed, isEvidence: Bool, takeovers: UInt64) {
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
            return RunSnapshot.Replica(
                id: replica.rawValue, role: probe.role?.word ?? "down",
                view: probe.status?.currentView.rawValue,
                commitLSN: probe.status?.commitLSN?.rawValue)
        }
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
    private mutating func note(_ replica: ReplicaID, _ probe: Probe, _ takeovers: UInt64) {
        guard let status = probe.status, status.state == .faulted else { return }
        let reason = status.faultReason ?? "no reason given"
        guard knownFaults.insert("\(replica) \(reason)").inserted else { return }
        let deeds =
            takeovers == 0
            ? "nothing was done to it but killing its process and starting it again"
            : "processes were killed and started again, and \(takeovers) times folders were "
                + "rewritten for a new view"
        findings.append(
            RunResult.Finding(
                code: "replica-faulted",
                explanation: "Replica \(replica) declares itself faulted: \(reason). In this run "
                    + "\(deeds)."))
    }
}
