import Campaign
import CommandDescriptions
import Conducting
import Nemesis
import SystemCalls

/// A search of `shrink` with the real things: schedules of the nemesis, runs in processes of their
/// own, and words for whoever watches.
struct ShrinkRunner {
    let plan: ShrinkPlan
    let folder: CampaignFolder
    let isQuiet: Bool
    let words: [String]

    /// The schedule of a request; nil for one without.
    static func schedule(of request: RunRequest) throws(UsageError) -> NemesisSchedule? {
        guard let path = request.schedule else { return nil }
        do {
            let bytes = try FileSystem.read(path, limit: RunCommand.scheduleLimit)
            return try NemesisSchedule(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw .contradiction("\(path): \(error)")
        }
    }

    func carryOut() throws -> Int32 {
        let lock: any Sendable
        do throws(CampaignFolder.Failure) {
            lock = try folder.lock()
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        defer { withExtendedLifetime(lock) {} }
        let original = try Self.schedule(of: plan.request) ?? .none(seed: plan.request.seed)
        guard original.rounds.map(\.steps.count) == plan.faultsOfRounds else {
            throw UsageError.contradiction("the schedule of the bundle has changed")
        }
        let options = try RunCommand.options(
            of: plan.request, replicaBinary: plan.replicaBinary)
        do throws(Campaign.UsageError) {
            _ = try Campaign.schedule(for: options)
            try Campaign.prepareProcess(for: options.testbed)
        } catch {
            throw UsageError.contradiction("\(error)")
        }
        let interruption = Interruption()
        let watch = try InterruptionWatch(interruption)
        defer { watch.end() }
        say("\(folder.path)\n")
        let conductor = Conductor(
            executable: Processes.ownProgram, lanes: 1,
            replicaBinary: plan.replicaBinary, commandLine: words,
            isInterrupted: { interruption.isRequested }, tell: { _ in })
        var session = ShrinkSession(
            plan, in: folder, schedule: { Self.part($0, of: original).text },
            carryOut: { request throws(SystemError) in
                try conductor.carryOut(
                    [request], name: "shrink", newAttempt: folder.newAttempt(of:))
            },
            isInterrupted: { interruption.isRequested }, tell: show)
        return try conclude(&session, original)
    }

    /// The rounds and faults that a candidate keeps, unchanged.
    static func part(
        _ candidate: ShrinkCandidate, of original: NemesisSchedule
    ) -> NemesisSchedule {
        let rounds = zip(original.rounds, candidate.kept).compactMap { round, kept in
            guard !kept.isEmpty else { return nil as NemesisSchedule.Round? }
            var round = round
            round.steps = kept.map { round.steps[$0] }
            return round
        }
        return NemesisSchedule(seed: original.seed, rounds: rounds)
    }

    // MARK: - Words

    private func say(_ text: String) {
        if !isQuiet { StandardStreams.writeError(text) }
    }

    private func words(_ candidate: ShrinkCandidate) -> String {
        "\(candidate.rounds) of \(plan.faultsOfRounds.count) rounds, "
            + "\(candidate.faults) faults, window \(candidate.window) s"
    }

    private func show(_ event: ShrinkSession.Event) {
        switch event {
        case .trying(let candidate, let number, let attempt):
            say("run \(number), try \(attempt) of \(plan.tries): \(words(candidate))\n")
        case .ended(_, let number, let outcome, let shows):
            let codes = outcome.findings.map(\.code).joined(separator: ", ")
            say(
                "run \(number): \(shows ? "shows it" : "does not show it"), "
                    + outcome.verdict.word + (codes.isEmpty ? "" : ": \(codes)") + "\n")
        }
    }

    private func conclude(
        _ session: inout ShrinkSession, _ original: NemesisSchedule
    ) throws -> Int32 {
        var end = "The search is complete."
        var exit = ExitCode.passed
        do throws(ShrinkSession.Stop) {
            if try !session.run() {
                StandardStreams.writeOutput(
                    "NOT SHOWN  none of \(plan.tries) runs of the bundle's own schedule showed "
                        + plan.codes.joined(separator: " or ") + "; a larger --tries may\n")
                return ExitCode.unknown.rawValue
            }
        } catch {
            switch error {
            case .interrupted:
                end = "Interrupted; `shrink --resume \(folder.path)` goes on."
                exit = .interrupted
            case .budgetSpent: end = "The budget of \(plan.budget) runs ended the search."
            case .system(let error): throw error
            case .otherSearch(let path):
                throw UsageError.contradiction("`\(path)` is of another search")
            }
        }
        guard let smallest = try session.keepSmallest() else {
            StandardStreams.writeOutput("NOT SHOWN  \(end)\n")
            return exit == .passed ? ExitCode.unknown.rawValue : exit.rawValue
        }
        StandardStreams.writeOutput(report(session, original, end: end, smallest: smallest))
        return exit.rawValue
    }

    private func report(
        _ session: ShrinkSession, _ original: NemesisSchedule, end: String, smallest: String
    ) -> String {
        let best = session.search.best
        var lines = [
            "SMALLEST  \(words(best)), after \(session.runs) runs",
            "  \(end)",
        ]
        if best.window < session.search.original.window {
            lines.append(
                "  removed: \(session.search.original.window - best.window) of "
                    + "\(session.search.original.window) seconds of the window")
        }
        for (index, round) in original.rounds.enumerated() {
            let kept = Set(best.kept[index])
            for (step, fault) in round.steps.enumerated() {
                let verb = kept.contains(step) ? "kept:    " : "removed: "
                lines.append(
                    "  \(verb)round \(index + 1), \(fault.kind) on \(fault.target.rawValue), "
                        + "\(fault.hold) ms")
            }
        }
        lines += [
            "  bundle  \(smallest)",
            "  again   allocdb-jepsen replay \(Path.join(folder.path, ShrinkSession.smallestName))",
        ]
        return lines.map { $0 + "\n" }.joined()
    }
}
