import ClusterProtocol
import History
import LeaseKernel
import Nemesis
import Synchronization
import SystemCalls
import Testbed
import Workload

/// Goes through a script again and again until its time is over: one client, one operator, one
/// step at a time (validation.md 9.2). The control thread reads its progress.
///
/// Where it differs from the reference: what is expected to be answered is repeated, byte for
/// byte, until it is; a takeover follows our rule, which drops nothing that was acknowledged.
final class ScriptRunner: Sendable {
    struct Progress: Sendable {
        var iterations = 0
        var injected: UInt64 = 0
        var takeovers: UInt64 = 0
        var currentFault: String?
        /// Made by the last iteration.
        var resources: [History.ResourceID] = []
        /// No slot beyond this one was used.
        var lastSlot = History.Slot(0)
        var remarks: [String] = []
    }

    /// Remarks that are kept; a wrong daemon surprises at every step.
    static let mostRemarks = 20

    private let script: Script
    private let lane: Lane
    private let surgeon: any Surgeon
    private let recorder: Recorder
    private let asker: Asker
    private let isInterrupted: @Sendable () -> Bool
    private let state: Mutex<Progress>

    init(
        _ script: Script, lane: Lane, surgeon: any Surgeon, recorder: Recorder,
        counters: WorkloadCounters, startingAt slot: History.Slot,
        isInterrupted: @escaping @Sendable () -> Bool
    ) {
        self.script = script
        self.lane = lane
        self.surgeon = surgeon
        self.recorder = recorder
        self.isInterrupted = isInterrupted
        asker = Asker(
            process: ProcessID(1), recorder: recorder, counters: counters,
            clientID: UInt128(WallClock.milliseconds) << 32)
        state = Mutex(Progress(lastSlot: slot))
    }

    var progress: Progress { state.withLock { $0 } }

    /// Iterations until the time is over; at least one, and exactly one when there is nothing to
    /// be done to the cluster. An iteration that has begun is finished.
    func run(until deadline: Deadline, isControl: Bool) throws(RunFailure) {
        var room = Int(lane.limits.maxResources) - 1
        repeat {
            room -= script.resourceCount
            guard room >= 0 else {
                remark("the cluster has no room for another iteration's resources")
                return
            }
            try iterate()
        } while !isControl && !deadline.isPassed
    }

    private func iterate() throws(RunFailure) {
        try converge()
        let roles = try resolve()
        let number = state.withLock { $0.iterations }
        let milliseconds = WallClock.milliseconds
        let firstSlot = max(
            milliseconds * 1024 + UInt64(number) * 128, progress.lastSlot.rawValue + 1)
        var questions = ScriptQuestions(
            asker: asker, endpoints: lane.endpoints, recorder: recorder,
            base: UInt128(milliseconds) << 32 + UInt128(number) << 8, firstSlot: firstSlot,
            isInterrupted: isInterrupted)
        var operations = ScriptOperations(roles: roles)
        for step in script.steps {
            if isInterrupted() { throw .interrupted }
            try carryOut(step, &questions, &operations)
            for surprise in questions.takeSurprises() { remark(surprise) }
        }
        state.withLock { state in
            state.iterations += 1
            state.resources = questions.created
            state.lastSlot = max(state.lastSlot, questions.lastSlot)
            state.currentFault = nil
        }
    }

    private func carryOut(
        _ step: ScriptStep, _ questions: inout ScriptQuestions,
        _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        switch step {
        case .create(let resource, let operation):
            try questions.create(resource, operation: operation)
        case .submit(let command, let expected): try questions.submit(command, expected)
        case .tick(let slot, let expected): try questions.tick(slot, expected)
        case .drain(let resource, let slot): try questions.drain(resource, slot: slot)
        case .readLease(let slot, .primary, let expected):
            try questions.readLease(slot, at: lane.endpoints.primary, expected)
        case .readLease(let slot, .replica(let role), let expected):
            let replica = History.ReplicaID(operations.roles[role].rawValue)
            guard let endpoint = lane.endpoints.all.first(where: { $0.replica == replica }) else {
                throw .testbed("replica \(replica) has no client port")
            }
            try questions.readLease(slot, at: endpoint, expected)
        case .crash(let role): try crash(operations.roles[role], &operations)
        case .isolate(let role): try isolate(operations.roles[role], &operations)
        case .heal(let role): try heal(operations.roles[role], &operations)
        case .failOver: try failOver(&operations)
        case .rejoin: try rejoin(&operations)
        }
    }

    // MARK: - What the operator does

    private func crash(
        _ replica: LeaseKernel.ReplicaID, _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        guard lane.testbed.isRunning(replica) else { return }
        try begin("crash", replica, &operations)
        try act { () throws(TestbedError) in try lane.testbed.crash(replica) }
    }

    private func start(
        _ replica: LeaseKernel.ReplicaID, _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        try act { () throws(TestbedError) in try lane.testbed.restart(replica) }
        try end("crash", replica, &operations)
    }

    private func isolate(
        _ replica: LeaseKernel.ReplicaID, _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        try begin("isolate", replica, &operations)
        try act { () throws(TestbedError) in
            try lane.testbed.isolate(replica, lease: .seconds(300))
        }
        try see(.isolated, at: replica)
    }

    private func heal(
        _ replica: LeaseKernel.ReplicaID, _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        try act { () throws(TestbedError) in try lane.testbed.heal(replica) }
        try see(.serving, at: replica)
        try end("isolate", replica, &operations)
    }

    private func see(
        _ wanted: PortState, at replica: LeaseKernel.ReplicaID
    ) throws(RunFailure) {
        let deadline = Deadline.after(FaultScene.sightLimit)
        while lane.testbed.clientPort(replica) != wanted {
            if deadline.isPassed {
                throw .testbed("the client port of replica \(replica) is not \(wanted)")
            }
            sleepThread(for: .milliseconds(20))
        }
    }

    private func failOver(_ operations: inout ScriptOperations) throws(RunFailure) {
        let roles = operations.roles
        for replica in [roles.primary, roles.target, roles.support] {
            try crash(replica, &operations)
        }
        do throws(SurgeonRefusal) {
            try surgeon.takeOver(target: roles.target, supports: [roles.support])
        } catch {
            throw .testbed("replica \(roles.target) could not take over: \(error)")
        }
        state.withLock { $0.takeovers += 1 }
        for replica in [roles.support, roles.target] { try start(replica, &operations) }
        try awaitRole(.primary, of: roles.target)
        try awaitRole(.backup, of: roles.support)
        lane.endpoints.isPrimary(History.ReplicaID(roles.target.rawValue))
    }

    private func rejoin(_ operations: inout ScriptOperations) throws(RunFailure) {
        let roles = operations.roles
        try crash(roles.primary, &operations)
        do throws(SurgeonRefusal) {
            try surgeon.rebuild(roles.primary, from: roles.target)
        } catch {
            remark("replica \(roles.primary) came back with the folder it had: \(error)")
        }
        try start(roles.primary, &operations)
        try awaitRole(.backup, of: roles.primary)
    }

    private func awaitRole(
        _ role: LeaseKernel.ReplicaRole, of replica: LeaseKernel.ReplicaID
    ) throws(RunFailure) {
        try act { () throws(TestbedError) in
            try lane.testbed.wait(
                for: "replica \(replica) as \(role.word)", within: Nemesis.healLimit
            ) { probes in
                probes.contains { $0.replica == replica && $0.probe.active?.replica.role == role }
            }
        }
    }

    private func converge() throws(RunFailure) {
        try act { () throws(TestbedError) in
            try lane.testbed.converge(within: Nemesis.healLimit, isInterrupted: isInterrupted)
        }
    }

    /// Who is who now, by what the replicas say (validation.md 10.1).
    private func resolve() throws(RunFailure) -> ScriptOperations.Roles {
        let active = lane.testbed.probeAll().compactMap { $0.probe.active?.replica }
        let backups = active.filter { $0.role == .backup }.map(\.id)
        guard let primary = active.first(where: { $0.role == .primary })?.id, backups.count == 2
        else { throw .testbed("the cluster has no primary and two backups any more") }
        lane.endpoints.isPrimary(History.ReplicaID(primary.rawValue))
        return ScriptOperations.Roles(
            primary: primary, target: backups[0], support: backups[1])
    }

    // MARK: - Doing and recording

    private func act(_ body: () throws(TestbedError) -> Void) throws(RunFailure) {
        do throws(TestbedError) { try body() } catch { throw RunFailure(error) }
    }

    private func record<Value>(
        _ body: () throws(HistoryFileError) -> Value
    ) throws(RunFailure) -> Value {
        do throws(HistoryFileError) { return try body() } catch { throw .record(error) }
    }

    /// The record says so before it is done.
    private func begin(
        _ kind: String, _ replica: LeaseKernel.ReplicaID, _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        let id = try record { () throws(HistoryFileError) in
            try recorder.beginFault(
                kind, targets: [History.ReplicaID(replica.rawValue)], detail: "scripted")
        }
        operations.open[.init(kind: kind, replica: replica)] = id
        state.withLock { state in
            state.injected += 1
            state.currentFault = "\(kind) replica \(replica)"
        }
    }

    private func end(
        _ kind: String, _ replica: LeaseKernel.ReplicaID, _ operations: inout ScriptOperations
    ) throws(RunFailure) {
        guard let id = operations.open.removeValue(forKey: .init(kind: kind, replica: replica))
        else { return }
        try record { () throws(HistoryFileError) in
            try recorder.endFault(
                id, kind, targets: [History.ReplicaID(replica.rawValue)], detail: "scripted")
        }
        if operations.open.isEmpty { state.withLock { $0.currentFault = nil } }
    }

    private func remark(_ text: String) {
        state.withLock { state in
            if state.remarks.count < Self.mostRemarks, !state.remarks.contains(text) {
                state.remarks.append(text)
            }
        }
    }
}

/// What was done in an iteration, and to whom.
struct ScriptOperations {
    /// Fixed when an iteration begins.
    struct Roles {
        let primary: LeaseKernel.ReplicaID
        let target: LeaseKernel.ReplicaID
        let support: LeaseKernel.ReplicaID

        subscript(role: ScriptReplica) -> LeaseKernel.ReplicaID {
            switch role {
            case .primary: primary
            case .target: target
            case .support: support
            }
        }
    }

    struct OpenFault: Hashable {
        let kind: String
        let replica: LeaseKernel.ReplicaID
    }

    let roles: Roles
    var open: [OpenFault: FaultID] = [:]

    init(roles: Roles) {
        self.roles = roles
    }
}
