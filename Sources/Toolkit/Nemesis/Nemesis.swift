import ClusterProtocol
public import History
public import LeaseKernel
import Synchronization
public import SystemCalls
public import Testbed

/// Makes a backup the primary while all daemons are down: the one step of a takeover that needs
/// to understand replicas' folders. Where it cannot, the round falls back to a restart.
public protocol TakeoverSurgeon: Sendable {
    /// Rewrites the folders of `target` and `support` so that `target` starts as the primary of a
    /// new view. Throws a reason in words when these folders cannot be rewritten; then they are as
    /// they were.
    func takeOver(
        target: LeaseKernel.ReplicaID, support: LeaseKernel.ReplicaID
    ) throws(TakeoverRefusal)
}

/// Why a takeover was not possible, in words; the run goes on without it.
public struct TakeoverRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// Carries out a schedule: resolves targets, records the fault, injects it, sees that it is
/// active, waits, undoes it, sees that it is gone.
public final class Nemesis: Sendable {
    /// A fault is not injected when it cannot be recorded, and a round ends when the testbed
    /// cannot do its part.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case testbed(TestbedError)
        case record(HistoryFileError)

        public var description: String {
            switch self {
            case .testbed(let error): "\(error)"
            case .record(let error): "\(error)"
            }
        }
    }

    private struct State {
        var current: String?
        var injected: UInt64 = 0
        var takeovers: UInt64 = 0
        var refusals: [String] = []
    }

    /// How long the cluster may take to become whole after a fault is undone.
    public static let healLimit = Duration.seconds(30)

    private let testbed: any Testbed
    private let schedule: NemesisSchedule
    private let surgeon: (any TakeoverSurgeon)?
    private let undo: UndoLedger
    private let recorder: Recorder
    private let isInterrupted: @Sendable () -> Bool
    private let state = Mutex(State())

    public init(
        testbed: any Testbed, schedule: NemesisSchedule, surgeon: (any TakeoverSurgeon)?,
        undo: UndoLedger, recorder: Recorder, isInterrupted: @escaping @Sendable () -> Bool
    ) {
        self.testbed = testbed
        self.schedule = schedule
        self.surgeon = surgeon
        self.undo = undo
        self.recorder = recorder
        self.isInterrupted = isInterrupted
    }

    public var current: String? { state.withLock { $0.current } }
    public var injected: UInt64 { state.withLock { $0.injected } }
    /// How often folders were rewritten for a new view.
    public var takeovers: UInt64 { state.withLock { $0.takeovers } }
    /// Why takeovers became restarts, one line each.
    public var refusals: [String] { state.withLock { $0.refusals } }

    /// Runs rounds until the schedule or the time is over. A round that has begun is brought to
    /// its end, except that an interruption shortens its waits. Blocks the calling thread.
    public func run(until deadline: Deadline) throws(Failure) {
        for round in schedule.rounds {
            rest(round.pause, until: deadline)
            if deadline.isPassed || isInterrupted() { return }
            try perform(round)
        }
    }

    private func perform(_ round: NemesisSchedule.Round) throws(Failure) {
        try converge()
        guard let roles = resolve(round) else { return }
        switch round.fault {
        case .crashPrimary:
            try crash([roles.primary], round, "crash primary")
        case .crashBackup:
            try crash([roles.target], round, "crash backup")
        case .crashBackups:
            try crash([roles.target, roles.support], round, "crash both backups")
        case .takeOver:
            try takeOver(roles, round)
        }
    }

    private struct Roles {
        let primary: LeaseKernel.ReplicaID
        /// The backup that is meant, and the other one.
        let target: LeaseKernel.ReplicaID
        let support: LeaseKernel.ReplicaID
    }

    /// Who is who now; nil when the topology changed since it was seen to be healthy.
    private func resolve(_ round: NemesisSchedule.Round) -> Roles? {
        let active = testbed.probeAll().compactMap { $0.probe.active?.replica }
        let backups = active.filter { $0.role == .backup }.map(\.id)
        guard let primary = active.first(where: { $0.role == .primary })?.id, backups.count == 2
        else { return nil }
        let pick = Int(round.pick % 2)
        return Roles(primary: primary, target: backups[pick], support: backups[1 - pick])
    }

    // MARK: - Crash and restart

    private func crash(
        _ targets: [LeaseKernel.ReplicaID], _ round: NemesisSchedule.Round, _ name: String
    ) throws(Failure) {
        let fault = try begin(round.fault, targets, name)
        for target in targets { undo.register(.restart(target)) }
        for target in targets { try kill(target) }
        rest(round.downtime, until: nil)
        for target in targets {
            try restart(target)
        }
        try finish(fault, round.fault, targets)
    }

    /// Kills a daemon and sees that it is dead and silent.
    private func kill(_ target: LeaseKernel.ReplicaID) throws(Failure) {
        try act { () throws(TestbedError) in
            try testbed.crash(target)
            try testbed.wait(for: "replica \(target) down", within: .seconds(5)) { probes in
                !testbed.isRunning(target)
                    && probes.contains { $0.replica == target && $0.probe.status == nil }
            }
        }
    }

    // MARK: - Takeover

    private func takeOver(_ roles: Roles, _ round: NemesisSchedule.Round) throws(Failure) {
        guard let surgeon, testbed.capabilities.contains(.offlineSurgery) else {
            try note("this testbed offers no takeover; restarting the primary instead")
            try crash([roles.primary], round, "crash primary")
            return
        }
        let all = [roles.primary, roles.target, roles.support]
        let fault = try begin(
            round.fault, all,
            "take over: primary \(roles.primary) dies, \(roles.target) follows")
        for replica in all { undo.register(.restart(replica)) }
        for replica in all { try kill(replica) }
        do throws(TakeoverRefusal) {
            try surgeon.takeOver(target: roles.target, support: roles.support)
            state.withLock { $0.takeovers += 1 }
        } catch {
            state.withLock { $0.refusals.append("\(error)") }
            try note("takeover not possible, restarting all replicas instead: \(error)")
            for replica in all { try restart(replica) }
            try finish(fault, round.fault, all)
            return
        }
        for replica in [roles.support, roles.target] {
            try restart(replica)
        }
        try act { () throws(TestbedError) in
            try testbed.wait(
                for: "replica \(roles.target) as primary, \(roles.support) as backup",
                within: Self.healLimit
            ) { probes in
                Self.has(.primary, roles.target, probes) && Self.has(.backup, roles.support, probes)
            }
        }
        rest(round.downtime, until: nil)
        try restart(roles.primary)
        try finish(fault, round.fault, all)
    }

    private static func has(
        _ role: LeaseKernel.ReplicaRole, _ replica: LeaseKernel.ReplicaID,
        _ probes: [(replica: LeaseKernel.ReplicaID, probe: Probe)]
    ) -> Bool {
        probes.contains { $0.replica == replica && $0.probe.active?.replica.role == role }
    }

    // MARK: - Doing and recording

    private func act(_ body: () throws(TestbedError) -> Void) throws(Failure) {
        do throws(TestbedError) { try body() } catch { throw .testbed(error) }
    }

    private func write<Value>(
        _ body: () throws(HistoryFileError) -> Value
    ) throws(Failure) -> Value {
        do throws(HistoryFileError) { return try body() } catch { throw .record(error) }
    }

    private func note(_ text: String) throws(Failure) {
        try write { () throws(HistoryFileError) in try recorder.note(text) }
    }

    private func converge() throws(Failure) {
        try act { () throws(TestbedError) in
            try testbed.converge(within: Self.healLimit, isInterrupted: isInterrupted)
        }
    }

    private func restart(_ replica: LeaseKernel.ReplicaID) throws(Failure) {
        try act { () throws(TestbedError) in try testbed.restart(replica) }
        undo.settle(.restart(replica))
    }

    private func begin(
        _ fault: NemesisSchedule.Fault, _ targets: [LeaseKernel.ReplicaID], _ name: String
    ) throws(Failure) -> FaultID {
        let text = "\(name) (\(targets.map { "replica \($0)" }.joined(separator: ", ")))"
        let id = try write { () throws(HistoryFileError) in
            try recorder.beginFault(
                fault.rawValue, targets: targets.map { History.ReplicaID($0.rawValue) },
                detail: text)
        }
        state.withLock { state in
            state.injected += 1
            state.current = text
        }
        return id
    }

    /// The fault is undone: waits until it is seen to be gone.
    private func finish(
        _ id: FaultID, _ fault: NemesisSchedule.Fault, _ targets: [LeaseKernel.ReplicaID]
    ) throws(Failure) {
        try converge()
        try write { () throws(HistoryFileError) in
            try recorder.endFault(
                id, fault.rawValue, targets: targets.map { History.ReplicaID($0.rawValue) },
                detail: "healthy topology")
        }
        state.withLock { $0.current = nil }
    }

    /// Waits, in pieces short enough to notice an interruption.
    private func rest(_ duration: Duration, until limit: Deadline?) {
        let end = Deadline.after(duration)
        while !end.isPassed, limit?.isPassed != true, !isInterrupted() {
            sleepThread(for: min(.milliseconds(50), end.remaining))
        }
    }
}
