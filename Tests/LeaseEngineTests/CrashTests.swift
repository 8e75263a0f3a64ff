import EngineVectors
import LeaseEngine
import LeaseKernel
import Testing

/// Where each crash may leave the command under way: the promise of durability.md 10.
@Suite("A crash anywhere loses nothing that was answered and applies nothing twice")
struct CrashTests {
    private static let seeds = 0..<6

    @Test("every crash point, armed in the middle of random work", arguments: CrashPoint.allCases)
    func everyPoint(point: CrashPoint) throws {
        for seed in Self.seeds {
            var run = try CrashRun(seed: UInt64(seed))
            try run.work(30)
            try run.crash(at: point)
            try run.work(30)
            try run.expectRetriesAnswered()
        }
        print("crash point \(point.name): \(Self.seeds.count) seeds from 0")
    }

    @Test("a failed or torn append, and a failed sync, halt the engine until recovery")
    func storageFaults() throws {
        for seed in Self.seeds {
            for fault: MemoryStorage.Fault in [
                .append(afterBytes: 0), .append(afterBytes: 1), .append(afterBytes: 40), .sync,
            ] {
                var run = try CrashRun(seed: UInt64(seed))
                try run.work(20)
                try run.fail(with: fault)
                try run.work(20)
                try run.expectRetriesAnswered()
            }
        }
    }

    @Test("a power cut during an unsynced write leaves the command whole or absent")
    func powerCut() throws {
        for kept in [0, 1, 30, 31, 60, 1000] {
            var run = try CrashRun(seed: UInt64(kept))
            try run.work(20)
            try run.fail(with: .sync, keepingUnsynced: kept)
            try run.work(10)
            try run.expectRetriesAnswered()
        }
    }

    @Test("a damaged last frame stops the start and stays as it is")
    func corruption() throws {
        var run = try CrashRun(seed: 5)
        try run.work(15)
        run.simulation.stop()
        run.simulation.storage.corruptLastByteOfWAL()
        let damaged = run.simulation.storage.wal
        #expect {
            try run.simulation.restart()
        } throws: { error in
            guard case .walFile(.corruption(_, .invalidChecksum)) = error as? RecoveryError else {
                return false
            }
            return true
        }
        #expect(run.simulation.storage.wal == damaged)
    }

    @Test("a torn tail is cut to the last whole frame", arguments: 1...24)
    func tornTail(bytes: Int) throws {
        var run = try CrashRun(seed: 11)
        try run.work(15)
        let frames = WALScan(run.simulation.storage.wal ?? []).frames
        run.simulation.stop()
        run.simulation.storage.tearWAL(bytes)
        try run.simulation.restart()
        let left = WALScan(run.simulation.storage.wal ?? [])
        #expect(left.stop == .cleanEnd)
        #expect(left.frames == Array(frames.dropLast()))
    }

    @Test("a checkpoint that cannot write its files loses nothing")
    func checkpointFaults() throws {
        for fault in [MemoryStorage.Fault.replaceSnapshot, .replaceWAL] {
            var run = try CrashRun(seed: 3)
            try run.work(25)
            run.simulation.storage.injectOnce(fault)
            #expect(throws: CheckpointError.self) { try run.simulation.checkpoint() }
            #expect(run.simulation.engine?.isHalted == (fault == .replaceWAL))
            try run.restartAndCompare()
            try run.work(10)
            try run.expectRetriesAnswered()
        }
    }
}

/// Random work beside a model: a kernel that applied exactly what was answered.
private struct CrashRun {
    var simulation: SingleNodeSimulation
    private var random: RandomExecution
    private var model: Kernel
    private let seed: UInt64
    private var answers: [(ClientCommand, AppliedCommand)] = []
    private var nextOperation: UInt128 = 1

    init(seed: UInt64) throws {
        self.seed = seed
        simulation = try SingleNodeSimulation(seed: seed)
        random = RandomExecution(seed: seed)
        model = try Kernel(configuration: RandomExecution.configuration)
    }

    /// Commands, ticks and a checkpoint now and then, each answer compared with the model's.
    mutating func work(_ count: Int) throws {
        for step in 0..<count {
            try simulation.advance(to: random.nextSlot())
            if random.choose(6) == 0 {
                for applied in try simulation.tick() { try follow(applied) }
            } else {
                let request = newRequest()
                let applied = try simulation.submit(request)
                try followClient(request, applied)
            }
            // After a start from a snapshot alone the log must grow before it can be shortened.
            if step == count / 2, simulation.engine?.kernel.lastAppliedLSN == lastLoggedLSN {
                _ = try simulation.checkpoint()
            }
            expectModel()
        }
    }

    private var lastLoggedLSN: LSN? { WALScan(simulation.storage.wal ?? []).frames.last?.lsn }

    private mutating func newRequest() -> ClientCommand {
        defer { nextOperation += 1 }
        return ClientCommand(
            operationID: OperationID(nextOperation), clientID: ClientID(7),
            command: random.command(near: model))
    }

    private mutating func followClient(
        _ request: ClientCommand, _ applied: AppliedCommand
    ) throws {
        let expected = try model.apply(request, lsn: applied.lsn, requestSlot: simulation.slot)
        #expect(expected == applied)
        answers.append((request, applied))
    }

    /// The frame in the log tells which lease a tick expired.
    private mutating func follow(_ applied: AppliedCommand) throws {
        let frame = WALScan(simulation.storage.wal ?? []).frames.first { $0.lsn == applied.lsn }
        let logged = try #require(frame)
        let command = try CommandCodec.decodeInternal(logged.payload)
        let expected = try model.applyInternal(
            command, lsn: applied.lsn, requestSlot: logged.requestSlot)
        #expect(expected == applied)
    }

    private func expectModel() {
        #expect(simulation.engine?.kernel.snapshot() == model.snapshot(), "seed \(seed)")
    }

    /// Runs into one crash, recovers and finds out which of the allowed states it is in.
    mutating func crash(at point: CrashPoint) throws {
        let replayable = simulation.engine.map { _ in framesToReplay() } ?? 0
        let plan = try #require(
            CrashPlan(seed: seed, enabled: [point], replayableFrames: replayable))
        switch point {
        case .clientBeforeWALAppend, .clientAfterWALSync, .clientAfterApply:
            try crashClient(plan)
        case .internalBeforeWALAppend, .internalAfterWALSync, .internalAfterApply:
            try crashInternal(plan)
        case .checkpointAfterSnapshotWrite, .checkpointAfterWALRewrite:
            try work(1)
            simulation.arm(plan)
            #expect(throws: CheckpointError.crashInjected(point)) { try simulation.checkpoint() }
            #expect(simulation.engine?.isHalted == true)
        case .recoveryAfterSnapshotLoad, .recoveryAfterWALTruncate, .recoveryAfterReplayFrame:
            #expect(throws: RecoveryError.crashInjected(point)) {
                try simulation.restart(crashing: plan)
            }
            #expect(simulation.engine == nil)
        }
        try restartAndCompare()
    }

    private func framesToReplay() -> Int {
        let loaded = simulation.engine?.activeSnapshotLSN?.rawValue ?? 0
        return WALScan(simulation.storage.wal ?? []).frames
            .filter { $0.lsn.rawValue > loaded && $0.recordType != .snapshotMarker }.count
    }

    private mutating func crashClient(_ plan: CrashPlan) throws {
        simulation.arm(plan)
        let request = newRequest()
        #expect(throws: SubmissionError.crashInjected(plan.point)) {
            try simulation.submit(request)
        }
        #expect(simulation.engine?.isHalted == true)
        let lsn = LSN((model.lastAppliedLSN?.rawValue ?? 0) + 1)
        if plan.point != .clientBeforeWALAppend {
            let applied = try model.apply(request, lsn: lsn, requestSlot: simulation.slot)
            answers.append((request, applied))
        }
    }

    private mutating func crashInternal(_ plan: CrashPlan) throws {
        simulation.arm(plan)
        let command = Command.expire(ReservationID(1), deadline: Slot(1))
        let slot = simulation.slot
        #expect(throws: SubmissionError.crashInjected(plan.point)) {
            try simulation.onEngine { (engine: inout Engine) throws(SubmissionError) in
                _ = try engine.applyEncodedInternal(CommandCodec.encode(command), at: slot)
            }
        }
        if plan.point != .internalBeforeWALAppend {
            let lsn = LSN((model.lastAppliedLSN?.rawValue ?? 0) + 1)
            _ = try model.applyInternal(command, lsn: lsn, requestSlot: slot)
        }
    }

    /// The command under way was not answered: it may be in the log or not, but never half.
    mutating func fail(with fault: MemoryStorage.Fault, keepingUnsynced kept: Int? = nil) throws {
        let request = newRequest()
        simulation.storage.injectOnce(fault)
        let failure = InputOutputFailure(code: 5)
        #expect(throws: SubmissionError.walFile(.inputOutput(failure))) {
            try simulation.submit(request)
        }
        #expect(throws: SubmissionError.engineHalted) { try simulation.submit(newRequest()) }
        expectModel()
        if let kept { simulation.storage.cutPower(keepingUnsynced: kept) }
        try simulation.restart()
        let recovered = try #require(simulation.engine).kernel.snapshot()
        guard recovered != model.snapshot() else { return }
        let lsn = LSN((model.lastAppliedLSN?.rawValue ?? 0) + 1)
        let applied = try model.apply(request, lsn: lsn, requestSlot: simulation.slot)
        answers.append((request, applied))
        expectModel()
    }

    mutating func restartAndCompare() throws {
        try simulation.restart()
        expectModel()
    }

    /// Repeating what was answered gives the same answer, without executing again.
    mutating func expectRetriesAnswered() throws {
        let before = model.lastAppliedLSN
        for (request, applied) in answers.suffix(40) {
            guard let record = model.operation(request.operationID, at: simulation.slot) else {
                continue
            }
            #expect(record.outcome == applied.outcome)
            let again = try simulation.submit(request)
            #expect(again.isFromRetryTable && again.lsn == applied.lsn)
            #expect(again.outcome == applied.outcome)
        }
        #expect(simulation.engine?.kernel.lastAppliedLSN == before)
    }
}
