import Checking
import ClusterProtocol
import History
import LeaseKernel
import Matrix
import Nemesis
import Reporting
import SystemCalls
import Testbed
import Workload

/// One run of the matrix, top to bottom: read `carryOut`.
///
/// The control thread is the caller's. It owns everything here; clients and nemesis work on
/// threads of their own and are reached through `Load`.
struct Run {
    let options: RunOptions
    let descriptor: RunDescriptor
    let window: Duration
    private let show: (RunSnapshot) -> Void

    private var watch: Watch
    private var evidence: Evidence
    private var lane: Lane?
    private var recorder: Recorder?
    private var clock: SlotClock?
    private var nemesis: Nemesis?
    private var script: ScriptRunner?
    private let load = Load()
    private let undo = UndoLedger()
    private let counters = WorkloadCounters()
    private let nonce = WallClock.milliseconds
    private var failure: RunFailure?

    init(
        _ options: RunOptions, _ descriptor: RunDescriptor, window: Duration,
        evidence: Evidence, show: @escaping (RunSnapshot) -> Void
    ) {
        self.options = options
        self.descriptor = descriptor
        self.window = window
        self.evidence = evidence
        self.show = show
        watch = Watch(runID: descriptor.id)
    }

    /// Prepare, verify, work under faults, heal, resolve, read, check, bundle. A step that fails
    /// ends the sequence, and everything after `tidyUp` happens in any case.
    mutating func carryOut() -> RunResult {
        do throws(RunFailure) {
            try prepareLane()
            try verifySurface()
            try startRecording()
            try work()
            try heal()
            try resolve()
            try readEverything()
        } catch {
            failure = error
        }
        tidyUp()
        let judgement = check()
        return conclude(judgement)
    }

    // MARK: - The steps

    private mutating func prepareLane() throws(RunFailure) {
        try enter(.preparing, .waiting, "preparing the \(options.testbed.rawValue) testbed")
        for line in ResidueRegistry.standard.clean() {
            evidence.remarks.append("left over from an earlier run: \(line)")
        }
        do throws(TestbedError) {
            let testbed = try TestbedMaker.make(options, needs: schedule.needs)
            guard let lane = Lane(testbed) else {
                testbed.discard()
                throw TestbedError.layout("an address in it is none")
            }
            self.lane = lane
            try testbed.start()
        } catch {
            throw RunFailure(error)
        }
    }

    private mutating func verifySurface() throws(RunFailure) {
        try enter(.verifying, .verifyingSurface, "verifying external surface")
        guard let lane else { return }
        try converge(lane)
        var slot = History.Slot(1)
        for endpoint in lane.endpoints.all {
            do throws(SurfaceProbe.Failure) {
                let facts = try SurfaceProbe.metrics(of: endpoint, at: slot)
                slot = max(slot, History.Slot((facts.lastRequestSlot?.rawValue ?? 0) + 1))
            } catch {
                throw .testbed("replica \(endpoint.replica) gives no metrics: \(error)")
            }
        }
        if let primary = lane.testbed.livePrimary() {
            lane.endpoints.isPrimary(History.ReplicaID(primary.rawValue))
        }
        clock = slotClock(lane, startingAt: slot)
    }

    /// From here on everything that is asked and done stands in the record.
    private mutating func startRecording() throws(RunFailure) {
        guard let lane, let clock else { return }
        let header = RunHeader(
            runID: descriptor.id, workload: workloadName,
            nemesis: descriptor.nemesis.rawValue, testbed: lane.testbed.name, seed: options.seed,
            concurrency: UInt32(options.concurrency), startedAt: WallClock.nanoseconds,
            slotRule: SlotLedger.ruleText, toolVersion: options.toolVersion, limits: lane.limits)
        let recorder: Recorder
        do throws(HistoryFileError) {
            recorder = try Recorder(creating: evidence.recordPath, header: header)
        } catch {
            throw .record(error)
        }
        self.recorder = recorder
        evidence.recorderStarted()
        switch options.style {
        case .concurrent: try questioner(lane, clock, recorder).create(resources)
        case .scripted: break
        }
    }

    private mutating func work() throws(RunFailure) {
        guard let lane, let clock, let recorder else { return }
        try enter(.working, .executing, "executing Jepsen scenario")
        switch options.style {
        case .concurrent: try workConcurrently(lane, clock, recorder)
        case .scripted: try workThroughScript(lane, clock, recorder)
        }
    }

    private mutating func workConcurrently(
        _ lane: Lane, _ clock: SlotClock, _ recorder: Recorder
    ) throws(RunFailure) {
        let interruption = options.interruption
        let clients = clients(lane, clock, recorder)
        let nemesis = Nemesis(
            testbed: lane.testbed, schedule: schedule,
            surgeon: TestbedMaker.surgeon(of: lane.testbed), undo: undo, recorder: recorder,
            isInterrupted: { interruption.isRequested })
        self.nemesis = nemesis
        watch.beginWindow(window)
        let deadline = Deadline.after(window)
        try load.start(clients)
        if let checkpointer = checkpointer(lane, recorder) { try load.start(checkpointer) }
        try load.start(nemesis, until: deadline)
        try note(RunFigures.windowBegins, in: recorder)
        try keepLooking { [load] in deadline.isPassed && load.nemesisIsDone }
        try note(RunFigures.windowEnds, in: recorder)
        watch.endWindow()
    }

    private func note(_ text: String, in recorder: Recorder) throws(RunFailure) {
        do throws(HistoryFileError) {
            try recorder.note(text)
        } catch {
            throw .record(error)
        }
    }

    private mutating func workThroughScript(
        _ lane: Lane, _ clock: SlotClock, _ recorder: Recorder
    ) throws(RunFailure) {
        guard let script = Script.of(descriptor.workload, descriptor.nemesis) else {
            throw .testbed("the specification has no script for \(descriptor.id)")
        }
        let interruption = options.interruption
        let runner = ScriptRunner(
            script, lane: lane, surgeon: TestbedMaker.surgeon(of: lane.testbed),
            recorder: recorder, counters: counters, startingAt: clock.current,
            isInterrupted: { interruption.isRequested })
        self.script = runner
        watch.beginWindow(window)
        try load.start(runner, until: .after(window), isControl: descriptor.isControl)
        try note(RunFigures.windowBegins, in: recorder)
        try keepLooking { [load] in load.nemesisIsDone }
        try note(RunFigures.windowEnds, in: recorder)
        watch.endWindow()
        // What comes after the script goes on where it stopped.
        let next = History.Slot(runner.progress.lastSlot.rawValue + 1)
        self.clock = slotClock(lane, startingAt: next)
    }

    private mutating func heal() throws(RunFailure) {
        guard let lane else { return }
        try enter(.healing, .executing, "healing the cluster")
        for failed in undo.undoAll() {
            throw .testbed("could not undo \(failed.name): \(failed.failure)")
        }
        try converge(lane)
    }

    /// Every ambiguous command is repeated until the log answers. The slot cannot move while one
    /// is unresolved, so the window in which the cluster remembers it cannot pass either; what
    /// ends the wait is the limit.
    private mutating func resolve() throws(RunFailure) {
        try enter(.resolving, .executing, "resolving ambiguous commands")
        load.control.give(.resolve)
        let deadline = Deadline.after(Questioner.limit)
        try keepLooking { [load] in load.clientsAreDone || deadline.isPassed }
        load.stopAndJoin()
    }

    private mutating func readEverything() throws(RunFailure) {
        guard let lane, let clock, let recorder else { return }
        try enter(.reading, .executing, "reading every resource")
        let questioner = questioner(lane, clock, recorder)
        // A cluster that answers reads only would otherwise look healed.
        try questioner.create([lastResource])
        try questioner.readAll(resources + [lastResource])
        comparePositions(lane)
        do throws(HistoryFileError) {
            // Only a record that saw the end of the run says that it is whole.
            try recorder.finish()
        } catch {
            throw .record(error)
        }
    }

    /// Whatever happened: nobody works any more, no fault is left, nothing of ours runs.
    private mutating func tidyUp() {
        if options.interruption.isRequested, failure == nil { failure = .interrupted }
        load.stopAndJoin()
        for failed in undo.undoAll() {
            evidence.remarks.append("could not undo \(failed.name): \(failed.failure)")
        }
        if let lane {
            look(at: lane.testbed)
            lane.testbed.stop()
            evidence.collect(lane.testbed)
            lane.testbed.discard()
        }
        if let recorder {
            do throws(HistoryFileError) {
                try recorder.flush()
            } catch {
                if failure == nil { failure = .record(error) }
            }
        }
    }

    // MARK: - The end

    private mutating func check() -> Judgement? {
        note { (evidence: inout Evidence) throws(SystemError) in
            try evidence.enter(.analyzing, "analyzing Jepsen history")
        }
        watch.enter(.checking)
        report()
        return evidence.judge()
    }

    private mutating func conclude(_ judgement: Judgement?) -> RunResult {
        if failure == nil, !schedule.rounds.isEmpty, faultsInjected == 0 {
            failure = .testbed("no fault was injected: the window was too short")
        }
        for refusal in nemesis?.refusals ?? [] {
            evidence.remarks.append("a takeover was not possible and became a restart: \(refusal)")
        }
        var result = Outcomes.result(
            options: options, failure: failure, observed: watch.findings, judgement: judgement)
        result.operations = counters.completed
        result.ambiguous = counters.ambiguous
        result.faultsInjected = faultsInjected
        result.elapsed = watch.elapsed
        result.remarks = evidence.remarks + (script?.progress.remarks ?? []) + result.remarks
        watch.enter(.bundling)
        report()
        evidence.observations = watch.observations
        evidence.bundle(&result, judgement: judgement, failure: failure.map { "\($0)" })
        watch.enter(.finished)
        report()
        return result
    }

    // MARK: - Helpers

    private var schedule: NemesisSchedule { evidence.schedule }

    private var workload: WorkloadDescription { .of(descriptor.workload) }

    /// A script shows other things than the workload of the same name, and owes others.
    private var workloadName: String {
        switch options.style {
        case .concurrent: descriptor.workload.rawValue
        case .scripted: descriptor.workload.rawValue + "/scripted"
        }
    }

    private func slotClock(_ lane: Lane, startingAt slot: History.Slot) -> SlotClock {
        let rule = SlotLedger.Rule(workload.pace, limits: lane.limits)
        return SlotClock(SlotLedger(rule: rule, startingAt: slot, now: .now))
    }

    private var faultsInjected: UInt64 {
        nemesis?.injected ?? script?.progress.injected ?? 0
    }

    private var takeovers: UInt64 { nemesis?.takeovers ?? script?.progress.takeovers ?? 0 }

    private var resources: [History.ResourceID] {
        if let script { return script.progress.resources }
        let limit = lane?.limits.maxResources ?? .max
        let count = workload.pool.count(clients: options.concurrency, atMost: limit)
        return (1...UInt128(count)).map { History.ResourceID($0) }
    }

    /// Created when all is over, to see that the healed cluster still writes.
    private var lastResource: History.ResourceID {
        History.ResourceID((resources.map(\.rawValue).max() ?? 0) + 1000)
    }

    private func clients(_ lane: Lane, _ clock: SlotClock, _ recorder: Recorder) -> [Client] {
        let publications = Publications()
        return (1...UInt32(options.concurrency)).map { number in
            Client(
                .init(
                    number: number, role: workload.role(ofClient: number), seed: options.seed,
                    nonce: nonce, resources: resources, limits: lane.limits,
                    interval: .seconds(Double(options.concurrency) / options.rate)),
                endpoints: lane.endpoints, clock: clock, control: load.control,
                publications: publications, recorder: recorder, counters: counters)
        }
    }

    private func checkpointer(_ lane: Lane, _ recorder: Recorder) -> Checkpointer? {
        guard let plan = workload.checkpoints, !lane.controlPorts.isEmpty else { return nil }
        return Checkpointer(
            plan, ports: lane.controlPorts, endpoints: lane.endpoints, seed: options.seed,
            control: load.control, recorder: recorder)
    }

    private func questioner(
        _ lane: Lane, _ clock: SlotClock, _ recorder: Recorder
    ) -> Questioner {
        let interruption = options.interruption
        return Questioner(
            lane: lane, clock: clock, recorder: recorder, counters: counters, nonce: nonce,
            isInterrupted: { interruption.isRequested })
    }

    private func converge(_ lane: Lane) throws(RunFailure) {
        do throws(TestbedError) {
            try lane.testbed.converge(
                within: Nemesis.healLimit, isInterrupted: { options.interruption.isRequested })
        } catch {
            throw RunFailure(error)
        }
    }

    /// The healed replicas should stand at one position soon; if they do not, people should know.
    private mutating func comparePositions(_ lane: Lane) {
        var positions: [String] = []
        for _ in 0..<50 {
            let probes = lane.testbed.probeAll()
            positions = probes.map { "\($0.replica)=\(Self.position($0.probe))" }
            if Set(probes.map { Self.position($0.probe) }).count == 1 { return }
            sleepThread(for: .milliseconds(100))
        }
        evidence.remarks.append(
            "five seconds after the last write the replicas' commit positions still differ: "
                + positions.joined(separator: ", "))
    }

    private static func position(_ probe: Probe) -> String {
        probe.status.map { $0.commitLSN.map { "\($0)" } ?? "none" } ?? "down"
    }

    private mutating func keepLooking(until isDone: () -> Bool) throws(RunFailure) {
        while !isDone() {
            if options.interruption.isRequested { throw .interrupted }
            if let failure = load.failure { throw failure }
            if let lane { look(at: lane.testbed) }
            report()
            if let recorder {
                let count = recorder.eventCount
                note { (evidence: inout Evidence) throws(SystemError) in
                    try evidence.recorded(count)
                }
            }
            sleepThread(for: .milliseconds(200))
        }
        if let failure = load.failure { throw failure }
    }

    /// What daemons do by themselves is evidence once the cluster was whole.
    private mutating func look(at testbed: any Testbed) {
        watch.look(
            at: testbed, isEvidence: recorder != nil, takeovers: takeovers,
            moment: recorder?.now)
    }

    private mutating func enter(
        _ phase: RunSnapshot.Phase, _ tracked: RunStatus.Phase, _ detail: String
    ) throws(RunFailure) {
        if options.interruption.isRequested { throw .interrupted }
        watch.enter(phase)
        do throws(SystemError) {
            try evidence.enter(tracked, detail)
        } catch {
            throw .files(error)
        }
        report()
    }

    /// Trouble with the tracker does not end a run (validation.md 6.3).
    private mutating func note(_ body: (inout Evidence) throws(SystemError) -> Void) {
        do throws(SystemError) {
            try body(&evidence)
        } catch {
            let remark = "the status files could not be written: \(error)"
            if !evidence.remarks.contains(remark) { evidence.remarks.append(remark) }
        }
    }

    private mutating func report() {
        watch.look(
            at: counters, unresolved: clock?.unresolved ?? 0,
            fault: nemesis?.current ?? script?.progress.currentFault, injected: faultsInjected)
        show(watch.snapshot)
    }
}
