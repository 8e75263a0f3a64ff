import ClusterProtocol
public import History
import LeaseKernel
import Synchronization
public import SystemCalls
public import Testbed

/// Carries out a schedule: round by round it sees that the cluster is whole, resolves the targets,
/// and for each fault records it, injects it, sees that it is active, waits, undoes it, and sees
/// that it is gone.
public final class Nemesis: Sendable {
    /// A fault is not injected when it cannot be recorded, and a schedule ends when a fault or the
    /// testbed does not do its part: what was not tested must not count.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case testbed(TestbedError)
        case record(HistoryFileError)
        case fault(FaultKind, FaultFailure)

        public var description: String {
            switch self {
            case .testbed(let error): "\(error)"
            case .record(let error): "\(error)"
            case .fault(let kind, let failure): "fault `\(kind)`: \(failure)"
            }
        }
    }

    private struct State {
        /// What is active, by its number in the record.
        var active: [FaultID: String] = [:]
        var injected: UInt64 = 0
    }

    /// How long the cluster may take to become whole after a fault is undone.
    public static let healLimit = Duration.seconds(30)

    private let testbed: any Testbed
    private let schedule: NemesisSchedule
    private let surgeon: (any Surgeon)?
    private let undo: UndoLedger
    private let recorder: Recorder
    private let isInterrupted: @Sendable () -> Bool
    private let state = Mutex(State())
    private let observer = FaultObserver()

    public init(
        testbed: any Testbed, schedule: NemesisSchedule, surgeon: (any Surgeon)?,
        undo: UndoLedger, recorder: Recorder, isInterrupted: @escaping @Sendable () -> Bool
    ) {
        self.testbed = testbed
        self.schedule = schedule
        self.surgeon = surgeon
        self.undo = undo
        self.recorder = recorder
        self.isInterrupted = isInterrupted
    }

    /// The faults that are active now, in words.
    public var current: String? {
        state.withLock { state in
            let words = state.active.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value)
            return words.isEmpty ? nil : words.joined(separator: "; ")
        }
    }

    /// Faults that were seen to be active.
    public var injected: UInt64 { state.withLock { $0.injected } }
    /// How often folders were rewritten for a new view.
    public var takeovers: UInt64 { observer.takeovers }
    /// Why takeovers became restarts, one line each.
    public var refusals: [String] { observer.refusals }

    /// Runs rounds until the schedule or the time is over. A round that has begun is brought to
    /// its end; an interruption shortens its waits and begins no further fault. Blocks the calling
    /// thread.
    public func run(until deadline: Deadline) throws(Failure) {
        for (index, round) in schedule.rounds.enumerated() {
            sleepThread(for: .milliseconds(round.pause)) { deadline.isPassed || isInterrupted() }
            if deadline.isPassed || isInterrupted() { return }
            try converge()
            // The topology may have changed since it was seen to be whole; then the next round
            // tries again.
            guard let roles = roles(round) else { continue }
            try perform(round, roles)
            try converge()
            try note("round \(index + 1) is over: the cluster is whole")
        }
    }

    /// Who is who now; nil when it is not one primary and two backups.
    private func roles(_ round: NemesisSchedule.Round) -> Roles? {
        let active = testbed.probeAll().compactMap { $0.probe.active?.replica }
        let backups = active.filter { $0.role == .backup }.map(\.id)
        guard let primary = active.first(where: { $0.role == .primary })?.id else { return nil }
        return Roles(primary: primary, backups: backups, pick: round.pick)
    }

    // MARK: - A round

    /// A fault that was injected and not undone yet.
    private struct Active {
        let fault: any Fault
        let kind: FaultKind
        let id: FaultID
        let ticket: UndoLedger.Ticket
    }

    private func perform(_ round: NemesisSchedule.Round, _ roles: Roles) throws(Failure) {
        var active: [Int: Active] = [:]
        var clock: UInt64 = 0
        for moment in RoundPlan.moments(of: round) {
            sleepThread(for: .milliseconds(moment.at - clock), unless: isInterrupted)
            clock = moment.at
            switch moment.deed {
            case .undo(let step):
                if let fault = active.removeValue(forKey: step) { try end(fault) }
            case .inject(let step):
                if isInterrupted() { continue }
                active[step] = try begin(round.steps[step], step, of: round, roles)
            }
        }
    }

    /// Injects a fault and sees it; nil when it is not possible here and now.
    private func begin(
        _ step: NemesisSchedule.Step, _ index: Int, of round: NemesisSchedule.Round, _ roles: Roles
    ) throws(Failure) -> Active? {
        guard let description = FaultVocabulary.description(of: step.kind) else {
            throw .fault(step.kind, .notApplicable("there is no such fault"))
        }
        let scene = FaultScene(
            testbed: testbed, surgeon: surgeon, roles: roles, target: step.target,
            parameters: step.parameters, hold: .milliseconds(step.hold),
            seed: round.pick &+ UInt64(index), observer: observer)
        let fault = description.make(scene)
        let id = try record(begin: step, fault)
        let ticket = undo.register("\(step.kind) of \(Self.list(fault.affected))") {
            () throws(FaultFailure) in try fault.undo()
        }
        do throws(FaultFailure) {
            try fault.inject()
            try fault.verifyActive()
        } catch {
            guard case .notApplicable = error else { throw .fault(step.kind, error) }
            try record(end: id, step.kind, fault, "\(error)")
            undo.settle(ticket)
            return nil
        }
        state.withLock { $0.injected += 1 }
        try noteRemarks()
        return Active(fault: fault, kind: step.kind, id: id, ticket: ticket)
    }

    private func end(_ active: Active) throws(Failure) {
        do throws(FaultFailure) {
            try active.fault.undo()
            try active.fault.verifyGone()
        } catch {
            throw .fault(active.kind, error)
        }
        try record(end: active.id, active.kind, active.fault, "seen to be gone")
        undo.settle(active.ticket)
    }

    // MARK: - Recording

    private static func list(_ replicas: [LeaseKernel.ReplicaID]) -> String {
        replicas.map { "replica \($0)" }.joined(separator: ", ")
    }

    private func record(
        begin step: NemesisSchedule.Step, _ fault: any Fault
    ) throws(Failure) -> FaultID {
        var text = "\(step.kind) \(step.target.rawValue) (\(Self.list(fault.affected)))"
        for (name, value) in step.parameters.sorted(by: { $0.key < $1.key }) {
            text += " \(name)=\(value)"
        }
        let id = try write { () throws(HistoryFileError) in
            try recorder.beginFault(
                step.kind.name, targets: fault.affected.map { History.ReplicaID($0.rawValue) },
                detail: text)
        }
        state.withLock { $0.active[id] = text }
        return id
    }

    private func record(
        end id: FaultID, _ kind: FaultKind, _ fault: any Fault, _ detail: String
    ) throws(Failure) {
        try write { () throws(HistoryFileError) in
            try recorder.endFault(
                id, kind.name, targets: fault.affected.map { History.ReplicaID($0.rawValue) },
                detail: detail)
        }
        state.withLock { $0.active[id] = nil }
        try noteRemarks()
    }

    private func noteRemarks() throws(Failure) {
        for remark in observer.takeRemarks() { try note(remark) }
    }

    private func note(_ text: String) throws(Failure) {
        try write { () throws(HistoryFileError) in try recorder.note(text) }
    }

    private func write<Value>(
        _ body: () throws(HistoryFileError) -> Value
    ) throws(Failure) -> Value {
        do throws(HistoryFileError) { return try body() } catch { throw .record(error) }
    }

    // MARK: - Waiting

    private func converge() throws(Failure) {
        do throws(TestbedError) {
            try testbed.converge(within: Self.healLimit, isInterrupted: isInterrupted)
        } catch {
            throw .testbed(error)
        }
    }
}

/// The moments of a round in their order.
enum RoundPlan {
    enum Deed: Hashable {
        case inject(Int)
        case undo(Int)
    }

    struct Moment: Hashable {
        let at: UInt64
        let deed: Deed
    }

    /// By planned time. At one moment what ends comes before what begins, newest first; a fault
    /// of no duration ends right after it began.
    static func moments(of round: NemesisSchedule.Round) -> [Moment] {
        var moments: [Moment] = []
        let order = round.steps.indices.sorted {
            (round.steps[$0].at, $0) < (round.steps[$1].at, $1)
        }
        var open: [(end: UInt64, step: Int)] = []
        func close(until limit: UInt64) {
            let due = open.filter { $0.end <= limit }.sorted {
                ($0.end, $1.step) < ($1.end, $0.step)
            }
            open.removeAll { $0.end <= limit }
            moments += due.map { Moment(at: $0.end, deed: .undo($0.step)) }
        }
        for step in order {
            close(until: round.steps[step].at)
            moments.append(Moment(at: round.steps[step].at, deed: .inject(step)))
            open.append((round.steps[step].end, step))
        }
        close(until: .max)
        return moments
    }
}
