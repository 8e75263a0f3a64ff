import Campaign
import CommandDescriptions
import Conducting
import DurableFiles
import Reporting
import SystemCalls

/// The worker of a campaign: carries out one order and leaves its result. Hidden, because only
/// `run`, `shrink` and their like start it; docs/reference/campaign.md says what goes between them.
enum CarryOutCommand {
    static let order = Positional(.file("ORDER"), "The order's file")

    static let command = ToolCommand(
        description: CommandDescription(
            name: "carry-out", summary: "Carries out one run of a campaign",
            arguments: [order], exitStatuses: ExitCode.described(ExitCode.allCases),
            isHidden: true),
        carryOut: carryOut)

    /// How long the worker of a campaign that was killed may take to end its run, and hold its lock.
    static let lockLimit = Duration.seconds(300)

    private static func carryOut(_ arguments: ParsedArguments, _ words: [String]) throws -> Int32 {
        let path = try arguments[order]
        guard let order = WorkOrder(contentsOf: path) else {
            throw UsageError.contradiction("`\(path)` is no order of a campaign")
        }
        var options = try RunCommand.options(of: order.request, replicaBinary: order.replicaBinary)
        try prepare(order, options)
        let interruption = Interruption()
        let watch = try InterruptionWatch(interruption, endsWithInput: true)
        defer { watch.end() }
        let lock = try lock(order, interruption)
        defer { lock.release() }
        options.outputRoot = order.attempt
        options.commandLine = order.commandLine
        options.interruption = interruption
        var display = RunDisplay(mode: .json)
        var outcome: RunOutcome
        do {
            outcome = RunOutcome(
                try Campaign.run(options) { display.show($0).write() })
        } catch {
            outcome = RunOutcome(.unknown(reason: "\(error)"))
        }
        try CampaignFolder.write(outcome, in: order.attempt)
        return outcome.exitCode
    }

    /// While this process has a single thread. What is refused here was possible when the campaign
    /// began, so it is a result and no usage error.
    private static func prepare(_ order: WorkOrder, _ options: RunOptions) throws {
        do throws(Campaign.UsageError) {
            try Campaign.prepareProcess(for: options.testbed)
        } catch {
            try CampaignFolder.write(RunOutcome(.unknown(reason: "\(error)")), in: order.attempt)
            throw UsageError.contradiction("\(error)")
        }
    }

    /// A worker whose campaign was killed still heals and bundles; two clusters of one run at the
    /// same time would only slow each other down.
    private static func lock(_ order: WorkOrder, _ interruption: Interruption) throws -> LockFile {
        let deadline = Deadline.after(lockLimit)
        while true {
            do throws(LockFile.AcquireError) {
                return try LockFile(acquiring: order.lockPath)
            } catch {
                if deadline.isPassed || interruption.isRequested { throw error }
                sleepThread(for: .milliseconds(100))
            }
        }
    }
}

extension RunOutcome {
    /// What the campaign keeps of a run's result.
    init(_ result: RunResult) {
        switch result.verdict {
        case .passed: self.init(.passed)
        case .blocked: self.init(.blocked)
        case .interrupted: self.init(.interrupted)
        case .unknown(let reason): self.init(.unknown(reason: reason))
        }
        wasInterrupted = result.wasInterrupted
        findings = result.findings.map { .init(code: $0.code, explanation: $0.explanation) }
        remarks = result.remarks
        operations = result.operations
        ambiguous = result.ambiguous
        faults = result.faultsInjected
        elapsedSeconds = result.elapsed.inMilliseconds
        gateObstacles = result.gateObstacles
        bundle = result.bundlePath.map(Path.lastComponent(of:))
        guard let figures = result.figures else { return }
        let counts = figures.ambiguities
        ambiguities = [
            "took_effect": counts.tookEffect, "by_retry": counts.byRetry,
            "refused": counts.refused, "unresolved": counts.unresolved,
        ]
        availability = figures.availability
        recoverySeconds = figures.recoveries.map(\.inMilliseconds)
    }

    /// The code that `run` ends with for this run alone.
    var exitCode: Int32 {
        if wasInterrupted { return ExitCode.interrupted.rawValue }
        return switch verdict {
        case .passed: ExitCode.passed.rawValue
        case .blocked: ExitCode.blocked.rawValue
        case .unknown: ExitCode.unknown.rawValue
        case .interrupted: ExitCode.interrupted.rawValue
        }
    }
}

extension Duration {
    /// Seconds, rounded to milliseconds.
    var inMilliseconds: Double { (inSeconds * 1000).rounded() / 1000 }
}
