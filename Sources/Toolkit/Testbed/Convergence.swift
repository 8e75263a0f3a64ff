import ClusterProtocol
public import LeaseKernel
import SystemCalls

/// Waiting for the cluster to be what it should be (validation.md 8.3, 8.4): probe all, test,
/// pause, give up at the limit.
extension Testbed {
    public func probeAll() -> [(replica: ReplicaID, probe: Probe)] {
        layout.replicas.map { ($0.id, probe($0.id)) }
    }

    /// The first active replica that reports the primary role.
    public func livePrimary() -> ReplicaID? {
        probeAll().first { $0.probe.active?.replica.role == .primary }?.replica
    }

    /// Whether three are active, exactly one of them primary and two backups.
    public static func isHealthy(_ probes: [(replica: ReplicaID, probe: Probe)]) -> Bool {
        let roles = probes.compactMap { $0.probe.active?.replica.role }
        return roles.count == ClusterLayout.replicaCount
            && roles.count { $0 == .primary } == 1 && roles.count { $0 == .backup } == 2
    }

    /// Heals every replica, starts those that are down, and waits for a healthy topology. A
    /// replica that does not come up, or a cluster in wrong roles, is an error at the limit; one
    /// that is faulted stays so, and is an error soon.
    public func converge(
        within limit: Duration, isInterrupted: () -> Bool = { false }
    ) throws(TestbedError) {
        for replica in layout.replicas where isIsolated(replica.id) { try heal(replica.id) }
        let deadline = Deadline.after(limit)
        var faultedUntil: Deadline?
        while true {
            let probes = probeAll()
            if Self.isHealthy(probes) { return }
            let isFaulted = probes.contains { $0.probe.status?.state == .faulted }
            faultedUntil = isFaulted ? faultedUntil ?? .after(min(limit, faultedPatience)) : nil
            for entry in probes where !isRunning(entry.replica) { try restart(entry.replica) }
            if deadline.isPassed || faultedUntil?.isPassed == true {
                throw .didNotConverge(
                    testbed: name, awaited: "a healthy 3-replica topology",
                    within: faultedUntil?.isPassed == true ? faultedPatience : limit,
                    lastProbe: Self.summary(probes))
            }
            if isInterrupted() { throw .interrupted(during: "waiting for a healthy topology") }
            sleepThread(for: .milliseconds(100))
        }
    }

    /// Waits until `test` accepts what the replicas answer.
    public func wait(
        for awaited: String, within limit: Duration,
        until test: ([(replica: ReplicaID, probe: Probe)]) -> Bool
    ) throws(TestbedError) {
        let deadline = Deadline.after(limit)
        while true {
            let probes = probeAll()
            if test(probes) { return }
            if deadline.isPassed {
                throw .didNotConverge(
                    testbed: name, awaited: awaited, within: limit,
                    lastProbe: Self.summary(probes))
            }
            sleepThread(for: .milliseconds(50))
        }
    }

    public static func summary(_ probes: [(replica: ReplicaID, probe: Probe)]) -> String {
        probes.map { $0.probe.summary(of: $0.replica) }.joined(separator: ", ")
    }
}

/// How long a cluster with a faulted replica is waited for: somebody may be about to stop that
/// replica, but it does not recover by itself (replica.md 2).
private let faultedPatience = Duration.seconds(3)
