import JSONText
import Matrix
public import SystemCalls

/// Carries out runs over lanes, each in a process of its own, until all have ended or the caller
/// wants no more. What happens goes to `tell`, on the calling thread.
public struct Conductor {
    /// This tool's program.
    let executable: String
    let lanes: Int
    let replicaBinary: String
    let commandLine: [String]
    let hangLimits: HangLimits
    let isInterrupted: () -> Bool
    let tell: (CampaignEvent) -> Void

    public init(
        executable: String, lanes: Int, replicaBinary: String, commandLine: [String],
        hangLimits: HangLimits = .standard, isInterrupted: @escaping () -> Bool,
        tell: @escaping (CampaignEvent) -> Void
    ) {
        self.executable = executable
        self.lanes = lanes
        self.replicaBinary = replicaBinary
        self.commandLine = commandLine
        self.hangLimits = hangLimits
        self.isInterrupted = isInterrupted
        self.tell = tell
    }

    private struct Lane {
        let index: Int
        let worker: Worker
        var lines = LineBuffer()
        var progress: LaneProgress
        let softLimit: Deadline
        let hardLimit: Deadline
        var isAskedToEnd = false
        var isKilled = false
    }

    /// Carries out those requests of the plan that have no end yet. `newAttempt` makes the folder
    /// for a run. Returns when no worker runs any more.
    public func carryOut(
        _ requests: [RunRequest], name: String, finished: [Int: RunOutcome] = [:],
        failFast: Bool = false, newAttempt: (RunRequest) throws(SystemError) -> String
    ) throws(SystemError) {
        var schedule = LaneSchedule(
            requests, finished: Set(finished.keys), failFast: failFast)
        var carried = [Lane?](repeating: nil, count: lanes)
        var snapshot = CampaignSnapshot(name: name, total: requests.count, lanes: lanes)
        for outcome in finished.values { snapshot.ended[outcome.verdict.word, default: 0] += 1 }
        let start = Instant.now
        defer { Self.abandon(carried) }
        while true {
            if isInterrupted() { schedule.stop() }
            var isOver = true
            for number in carried.indices where carried[number] == nil {
                switch schedule.laneIsFree() {
                case .begin(let index):
                    isOver = false
                    let request = requests[index]
                    let attempt = try newAttempt(request)
                    do throws(SystemError) {
                        carried[number] = try begin(
                            request, index, lane: number + 1, attempt: attempt)
                    } catch {
                        // Not written down: the run did not happen, and a resumed campaign has it
                        // before itself.
                        let outcome = RunOutcome(
                            .unknown(reason: "its process could not be started: \(error)"))
                        schedule.ended(index, isGood: false)
                        snapshot.ended[outcome.verdict.word, default: 0] += 1
                        tell(.ended(request, lane: number + 1, outcome, attempt: attempt))
                    }
                case .wait: isOver = false
                case .leave: break
                }
            }
            if isOver, carried.allSatisfy({ $0 == nil }) { return }
            try listen(&carried)
            for number in carried.indices {
                guard let lane = carried[number],
                    let outcome = try endOutcome(of: lane)
                else { continue }
                carried[number] = nil
                schedule.ended(lane.index, isGood: outcome.verdict == .passed)
                snapshot.ended[outcome.verdict.word, default: 0] += 1
                tell(
                    .ended(
                        lane.worker.order.request, lane: number + 1, outcome,
                        attempt: lane.worker.order.attempt))
            }
            snapshot.elapsed = Instant.now - start
            snapshot.lanes = carried.map { $0?.progress }
            tell(.moment(snapshot))
        }
    }

    private func begin(
        _ request: RunRequest, _ index: Int, lane: Int, attempt: String
    ) throws(SystemError) -> Lane {
        let worker = try Worker(
            WorkOrder(
                request: request, replicaBinary: replicaBinary, attempt: attempt,
                commandLine: commandLine),
            executable: executable)
        tell(.began(request, lane: lane, attempt: attempt))
        // Rounds of faults that take long may double a window.
        let expected =
            Duration.seconds(Int64(clamping: request.effectiveWindow)) * 2 + hangLimits.grace
        return Lane(
            index: index, worker: worker, progress: LaneProgress(request),
            softLimit: .after(expected), hardLimit: .after(expected + hangLimits.lastGrace))
    }

    /// Waits up to a fifth of a second for what workers say, and takes it in.
    private func listen(_ carried: inout [Lane?]) throws(SystemError) {
        let poller = try Poller()
        for (number, lane) in carried.enumerated() {
            guard let lane else { continue }
            try poller.add(lane.worker.output, token: UInt64(number), interest: .readable)
            try poller.add(
                lane.worker.child.exitDescriptor, token: UInt64(number), interest: .readable)
        }
        _ = try poller.wait(.milliseconds(200))
        let mustEnd = isInterrupted()
        for number in carried.indices {
            guard var lane = carried[number] else { continue }
            let bytes = try lane.worker.read() ?? []
            for line in lane.lines.add(bytes) {
                guard let json = try? JSONText(parsing: line) else { continue }
                lane.progress.take(json)
                tell(.line(lane.worker.order.request, lane: number + 1, json))
            }
            if mustEnd || lane.softLimit.isPassed, !lane.isAskedToEnd {
                lane.isAskedToEnd = true
                lane.worker.interrupt()
            }
            if lane.hardLimit.isPassed, !lane.isKilled {
                lane.isKilled = true
                _ = try lane.worker.child.killAndWait()
            }
            carried[number] = lane
        }
    }

    /// The outcome of a lane whose worker has ended.
    private func endOutcome(of lane: Lane) throws(SystemError) -> RunOutcome? {
        guard let status = try lane.worker.child.poll() else { return nil }
        var outcome = lane.worker.outcome(status, isKilled: lane.isKilled)
        lane.worker.close()
        if lane.isAskedToEnd, !isInterrupted(), outcome.wasInterrupted {
            // Nobody wanted the end but this clock: a run that hangs is not to be repeated for ever.
            outcome.wasInterrupted = false
            if outcome.verdict == .interrupted {
                outcome.verdict = .unknown(reason: "the run took far longer than its window")
            }
            try CampaignFolder.write(outcome, in: lane.worker.order.attempt)
        }
        return outcome
    }

    /// After an error of this loop: the workers see their pipe close and end by themselves.
    private static func abandon(_ carried: [Lane?]) {
        for case let lane? in carried { lane.worker.close() }
    }
}
