import Campaign
import CommandDescriptions
import Conducting
import DurableFiles
import JSONText
import Matrix
import SystemCalls
import Terminal

/// `run` with more than one run: lanes, a folder that can be resumed, and a summary.
struct CampaignSession {
    let plan: CampaignPlan
    let folder: CampaignFolder
    let failFast: Bool
    let mode: RunDisplay.Mode
    let words: [String]

    /// Carries out what has no end yet, and returns the exit code.
    func carryOut() throws -> Int32 {
        let lock = try folder.lock()
        defer { lock.release() }
        let interruption = Interruption()
        let watch = try InterruptionWatch(interruption)
        defer { watch.end() }
        var finished: [Int: RunOutcome] = [:]
        for (index, request) in plan.requests.enumerated() {
            if let outcome = folder.outcome(of: request)?.outcome, outcome.isFinished {
                finished[index] = outcome
            }
        }
        announce(finished.count)
        var display = CampaignDisplay(mode: mode)
        let conductor = Conductor(
            executable: Processes.ownProgram, lanes: plan.lanes,
            replicaBinary: plan.replicaBinary, commandLine: words,
            isInterrupted: { interruption.isRequested },
            tell: { event in
                display.show(event).write()
                if case .ended = event {
                    // Whoever kills this process finds a summary of what had ended.
                    try? folder.write(self.summary(wasInterrupted: false))
                }
            })
        try conductor.carryOut(
            plan.requests, name: plan.name, finished: finished, failFast: failFast,
            newAttempt: folder.newAttempt(of:))
        display.end().write()
        let summary = self.summary(wasInterrupted: interruption.isRequested)
        try folder.write(summary)
        switch mode {
        case .json:
            guard case .object(let members) = summary.json else { break }
            let event = JSONText.object(
                [.init("event", .string("campaign")), .init("folder", .string(folder.path))]
                    + members)
            StandardStreams.writeOutput(event.compact + "\n")
        case .silent, .terminal:
            StandardStreams.writeOutput(
                summary.text(on: Terminal.detect(1), folder: folder.path))
        }
        return summary.exitCode
    }

    private func summary(wasInterrupted: Bool) -> CampaignSummary {
        CampaignSummary(
            plan, in: folder, wasInterrupted: wasInterrupted, toolVersion: Tool.version)
    }

    /// Where it lies, before anything can go wrong.
    private func announce(_ finished: Int) {
        let done = finished == 0 ? "" : ", \(finished) of them ended already"
        switch mode {
        case .silent: break
        case .json:
            let event = JSONText.object([
                "event": .string("campaign_begin"), "folder": .string(folder.path),
                "name": .string(plan.name), "seed": .number(plan.seed),
                "lanes": .number(plan.lanes), "runs": .number(plan.requests.count),
                "ended_already": .number(finished),
            ])
            StandardStreams.writeOutput(event.compact + "\n")
        case .terminal:
            StandardStreams.writeError(
                "campaign \(plan.name), seed \(plan.seed): \(plan.requests.count) runs on "
                    + "\(plan.lanes) lanes\(done)\n\(folder.path)\n")
        }
    }
}
