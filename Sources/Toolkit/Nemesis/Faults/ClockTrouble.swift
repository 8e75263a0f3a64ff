import LeaseKernel
import Randomness
import Synchronization
import SystemCalls
import Testbed

extension FaultDescription {
    static let clockShift = FaultDescription(
        "clock-shift",
        "The daemon's wall clock jumps by an offset, forth or back, and later jumps to the right "
            + "time again.",
        needs: [.clock], targets: FaultTarget.allCases,
        parameters: [
            FaultParameter(
                "offset_seconds", "How far the clock is wrong", allowed: 1...1_000_000_000,
                usual: 1...100_000)
        ], usualHold: 500...5000, proof: wallClockProof
    ) { ClockShiftFault(scene: $0) }

    static let clockStep = FaultDescription(
        "clock-step", "The daemon's wall clock jumps to and fro again and again.",
        needs: [.clock], targets: FaultTarget.allCases,
        parameters: [
            FaultParameter(
                "offset_seconds", "How far it may be wrong", allowed: 1...1_000_000_000,
                usual: 1...5000),
            FaultParameter(
                "every_millis", "Between two jumps", allowed: 10...3_600_000, usual: 20...400),
        ], usualHold: 500...5000, proof: wallClockProof
    ) { ClockStepFault(scene: $0) }

    static let clockFast = FaultDescription(
        "clock-fast",
        "The daemon's wall clock runs at another pace, from the right time on, and later jumps "
            + "back to it.",
        needs: [.clock], targets: FaultTarget.allCases,
        parameters: [
            FaultParameter(
                "pace_percent", "100 is the true pace", allowed: 1...100_000, usual: 150...5000)
        ], usualHold: 500...5000, proof: wallClockProof
    ) { ClockFastFault(scene: $0) }

    static let clockDrift = FaultDescription(
        "clock-drift",
        "The daemon is killed and started with clocks that all run at another pace, the monotonic "
            + "one and its time-outs as well; later it is killed and started with true ones.",
        needs: [.crash, .clock], targets: FaultTarget.allCases,
        parameters: [
            FaultParameter(
                "pace_percent", "100 is the true pace", allowed: 10...1000, usual: 40...400)
        ], usualHold: 500...5000,
        proof: Proof(
            active: "a process with the daemon's clocks says at which pace they run, and the "
                + "daemon's process is seen to have them",
            gone: "the same, now at the true pace; the daemon answers",
            undo: "the daemon is killed and started with true clocks",
            expiry: "nothing has to end: a clock of another pace is no harm that grows, and the "
                + "daemon ends with the workspace")
    ) { ClockDriftFault(scene: $0) }

    private static let wallClockProof = Proof(
        active: "a process with the daemon's clocks says what time it is, and the daemon's process "
            + "is seen to have them",
        gone: "the same process says the true time",
        undo: "the clock shows the true time",
        expiry: "the undo guard sets the clock right when the lease is over or the tool is gone")
}

/// One jump, and one back.
struct ClockShiftFault: Fault {
    let scene: FaultScene

    private var offset: Duration {
        let length = Duration.seconds(Int64(scene.parameter("offset_seconds")))
        return scene.seed & 1 == 0 ? length : .zero - length
    }

    func inject() throws(FaultFailure) {
        for replica in scene.replicas { try scene.setWallClock(replica, ahead: offset, rate: 1) }
    }

    func verifyActive() throws(FaultFailure) {
        try scene.seeClocks { $0.isAhead(by: offset) }
    }

    func undo() throws(FaultFailure) { try scene.correctClocks() }
    func verifyGone() throws(FaultFailure) { try scene.seeTrueClocks() }
}

/// Many jumps, by a thread of its own.
final class ClockStepFault: Fault {
    private enum Steps {
        case none
        case going(WorkerThread)
        /// No step is begun any more.
        case ending
    }

    let scene: FaultScene
    private let steps = Mutex(Steps.none)

    init(scene: FaultScene) {
        self.scene = scene
    }

    func inject() throws(FaultFailure) {
        let first = offset(of: 0)
        for replica in scene.replicas {
            try scene.setWallClock(replica, ahead: first, rate: 1)
        }
    }

    /// The first jump is seen before others follow.
    func verifyActive() throws(FaultFailure) {
        try scene.seeClocks { $0.isAhead(by: offset(of: 0)) }
        do throws(SystemError) {
            let thread = try WorkerThread(name: "clock-step") { [self] in goOn() }
            steps.withLock { $0 = .going(thread) }
        } catch {
            throw .testbed(.system(during: "setting clocks", error))
        }
    }

    private func offset(of step: UInt64) -> Duration {
        var random = SeededRandom(seed: scene.seed, stream: step)
        let length = Int64(random.number(in: 1...max(1, scene.parameter("offset_seconds"))))
        return .seconds(random.chance(0.5) ? length : -length)
    }

    private func goOn() {
        var step: UInt64 = 1
        let pause = Duration.milliseconds(Int64(scene.parameter("every_millis")))
        while !isEnding {
            sleepThread(for: pause) { isEnding }
            if isEnding { return }
            for replica in scene.replicas {
                // The end sets every clock right; a jump that fails is none.
                try? scene.setWallClock(replica, ahead: offset(of: step), rate: 1)
            }
            step += 1
        }
    }

    private var isEnding: Bool {
        steps.withLock { if case .ending = $0 { true } else { false } }
    }

    func undo() throws(FaultFailure) {
        let thread = steps.withLock { steps -> WorkerThread? in
            defer { steps = .ending }
            if case .going(let thread) = steps { return thread }
            return nil
        }
        thread?.join()
        try scene.correctClocks()
    }

    func verifyGone() throws(FaultFailure) { try scene.seeTrueClocks() }
}

/// A wall clock at a wrong pace.
struct ClockFastFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) {
        for replica in scene.replicas {
            try scene.setWallClock(replica, ahead: .zero, rate: scene.pace)
        }
    }

    func verifyActive() throws(FaultFailure) {
        try scene.seeClocks { ClockReading.isPace($0.wallRate, scene.pace) }
    }

    func undo() throws(FaultFailure) { try scene.correctClocks() }
    func verifyGone() throws(FaultFailure) { try scene.seeTrueClocks() }
}

/// A process for which time passes at another pace.
struct ClockDriftFault: Fault {
    let scene: FaultScene

    func inject() throws(FaultFailure) { try startAgain(rate: scene.pace) }

    func verifyActive() throws(FaultFailure) {
        try scene.seeClocks { ClockReading.isPace($0.monotonicRate, scene.pace) }
    }

    func undo() throws(FaultFailure) { try startAgain(rate: nil) }

    func verifyGone() throws(FaultFailure) {
        try scene.seeTrueClocks()
        try scene.seeUp(scene.replicas)
    }

    private func startAgain(rate: Double?) throws(FaultFailure) {
        let clocks = try scene.clocks()
        for replica in scene.replicas { try scene.kill(replica) }
        for replica in scene.replicas {
            try scene.act { () throws(TestbedError) in
                try clocks.setClocksAtStart(of: replica, rate: rate)
            }
            try scene.start(replica)
        }
    }
}

extension FaultScene {
    fileprivate var pace: Double { Double(parameter("pace_percent")) / 100 }

    fileprivate func clocks() throws(FaultFailure) -> any ReplicaClocks {
        guard let clocks = testbed.clocks else {
            throw .notApplicable("the daemons' clocks cannot be set")
        }
        return clocks
    }

    fileprivate func setWallClock(
        _ replica: ReplicaID, ahead: Duration, rate: Double
    ) throws(FaultFailure) {
        let clocks = try clocks()
        try act { () throws(TestbedError) in
            try clocks.setWallClock(of: replica, ahead: ahead, rate: rate, lease: lease)
        }
    }

    fileprivate func correctClocks() throws(FaultFailure) {
        for replica in replicas {
            try act { () throws(TestbedError) in try testbed.clocks?.correctWallClock(of: replica) }
        }
    }

    fileprivate func readClocks(of replica: ReplicaID) throws(FaultFailure) -> ClockReading {
        let clocks = try clocks()
        do throws(TestbedError) {
            return try clocks.readClocks(of: replica)
        } catch {
            throw .testbed(error)
        }
    }

    /// The clocks of the whole target are as wrong as they were meant to be.
    fileprivate func seeClocks(
        _ areWrong: (ClockReading) -> Bool
    ) throws(FaultFailure) {
        for replica in replicas {
            let reading = try readClocks(of: replica)
            guard areWrong(reading) else {
                throw .notActive("the clocks of replica \(replica) show \(reading)")
            }
        }
    }

    /// One that another fault has killed meanwhile has no clock.
    fileprivate func seeTrueClocks() throws(FaultFailure) {
        for replica in replicas where testbed.isRunning(replica) {
            let reading = try readClocks(of: replica)
            guard reading.isAhead(by: .zero), ClockReading.isPace(reading.wallRate, 1),
                ClockReading.isPace(reading.monotonicRate, 1)
            else { throw .notGone("the clocks of replica \(replica) show \(reading)") }
        }
    }
}

extension ClockReading {
    /// Within what a loaded machine needs to ask.
    fileprivate func isAhead(by wanted: Duration) -> Bool {
        abs((ahead - wanted).wholeNanoseconds) < 900_000_000
    }

    /// Within a tenth.
    fileprivate static func isPace(_ seen: Double, _ wanted: Double) -> Bool {
        abs(seen - wanted) < max(0.05, wanted * 0.1)
    }
}
