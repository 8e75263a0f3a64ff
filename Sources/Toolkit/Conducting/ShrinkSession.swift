import DurableFiles
public import SystemCalls

/// Carries out a `ShrinkSearch` with real runs, each in a process of its own, and leaves what it
/// found in its folder.
public struct ShrinkSession {
    /// Why a search ended before its end.
    public enum Stop: Error, Sendable {
        case interrupted
        case budgetSpent
        case system(SystemError)
        /// The folder holds tries of another search.
        case otherSearch(String)
    }

    /// What happens, for whoever shows it.
    public enum Event: Sendable {
        case trying(ShrinkCandidate, number: Int, attempt: Int)
        case ended(ShrinkCandidate, number: Int, RunOutcome, shows: Bool)
    }

    public let plan: ShrinkPlan
    public let folder: CampaignFolder
    /// The text of the schedule that is left of the original one.
    let schedule: (ShrinkCandidate) -> String
    let carryOut: (RunRequest) throws(SystemError) -> Void
    let isInterrupted: () -> Bool
    let tell: (Event) -> Void
    private var numbers: [ShrinkCandidate: Int] = [:]
    public private(set) var search: ShrinkSearch
    /// Runs that were carried out, those of earlier sessions included.
    public private(set) var runs = 0

    /// `carryOut` carries one run out in a new attempt of the folder.
    public init(
        _ plan: ShrinkPlan, in folder: CampaignFolder,
        schedule: @escaping (ShrinkCandidate) -> String,
        carryOut: @escaping (RunRequest) throws(SystemError) -> Void,
        isInterrupted: @escaping () -> Bool, tell: @escaping (Event) -> Void
    ) {
        self.plan = plan
        self.folder = folder
        self.schedule = schedule
        self.carryOut = carryOut
        self.isInterrupted = isInterrupted
        self.tell = tell
        search = ShrinkSearch(plan.original)
    }

    /// Searches; false when the original does not show it in any of its tries. What was found so
    /// far stands in `search.best`, also after a stop.
    public mutating func run() throws(Stop) -> Bool {
        var search = self.search
        defer { self.search = search }
        return try search.search { candidate throws(Stop) in try shows(candidate) }
    }

    /// The run of a candidate. Candidates have numbers in the order in which they are asked for,
    /// which is the same whenever the answers are.
    private func request(_ candidate: ShrinkCandidate) -> RunRequest {
        var request = plan.request
        request.number = numbers[candidate] ?? numbers.count + 1
        request.window = candidate.window
        request.schedule = Path.join(
            Path.join(folder.path, "schedules"), "\(request.number).txt")
        return request
    }

    private mutating func shows(_ candidate: ShrinkCandidate) throws(Stop) -> Bool {
        let request = request(candidate)
        numbers[candidate] = request.number
        do throws(SystemError) {
            try writeSchedule(candidate, request)
        } catch {
            throw .system(error)
        }
        let recorded = Path.join(folder.folder(of: request), "candidate.txt")
        try identify(candidate, recorded)
        for outcome in finishedOutcomes(request) {
            runs += 1
            if plan.isShown(by: outcome) { return true }
        }
        while finishedOutcomes(request).count < plan.tries {
            if isInterrupted() { throw .interrupted }
            guard runs < plan.budget else { throw .budgetSpent }
            let attempt = finishedOutcomes(request).count + 1
            tell(.trying(candidate, number: request.number, attempt: attempt))
            do throws(SystemError) {
                try carryOut(request)
            } catch {
                throw .system(error)
            }
            guard let last = folder.attempts(of: request).last,
                let outcome = CampaignFolder.outcome(in: last), outcome.isFinished
            else { throw .interrupted }
            runs += 1
            let shows = plan.isShown(by: outcome)
            tell(.ended(candidate, number: request.number, outcome, shows: shows))
            if shows { return true }
        }
        return false
    }

    private func finishedOutcomes(_ request: RunRequest) -> [RunOutcome] {
        folder.attempts(of: request).compactMap { CampaignFolder.outcome(in: $0) }
            .filter(\.isFinished)
    }

    private func writeSchedule(
        _ candidate: ShrinkCandidate, _ request: RunRequest
    ) throws(SystemError) {
        guard let path = request.schedule else { return }
        try DurableFiles.replace(path, with: Array(schedule(candidate).utf8))
    }

    /// Tries that lie there already must be of this candidate, else they say nothing about it.
    private func identify(_ candidate: ShrinkCandidate, _ path: String) throws(Stop) {
        let words = Array((Self.words(candidate) + "\n").utf8)
        let found: [UInt8]?
        do throws(SystemError) {
            found = try DurableFiles.readIfPresent(path, limit: CampaignFolder.fileLimit)
            if found == nil { try DurableFiles.replace(path, with: words) }
        } catch {
            throw .system(error)
        }
        if let found, found != words { throw .otherSearch(path) }
    }

    static func words(_ candidate: ShrinkCandidate) -> String {
        let kept = candidate.kept.enumerated().filter { !$0.element.isEmpty }.map { round in
            "\(round.offset + 1):" + round.element.map { "\($0 + 1)" }.joined(separator: ",")
        }
        return "window_secs=\(candidate.window) kept=" + kept.joined(separator: ";")
    }

    // MARK: - What is left

    public static let smallestName = "smallest"

    /// The bundle that shows the finding with the smallest candidate, with a link to it beside the
    /// tries; nil when none was found.
    public func keepSmallest() throws(SystemError) -> String? {
        guard numbers[search.best] != nil else { return nil }
        let request = request(search.best)
        for attempt in folder.attempts(of: request).reversed() {
            guard let outcome = CampaignFolder.outcome(in: attempt), plan.isShown(by: outcome),
                let bundle = outcome.bundle
            else { continue }
            let path = Path.join(attempt, bundle)
            try FileSystem.replaceLink(
                Path.join(folder.path, Self.smallestName),
                target: "runs/\(request.folderName)/\(Path.lastComponent(of: attempt))/\(bundle)")
            return path
        }
        return nil
    }
}
