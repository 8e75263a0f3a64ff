public import DurableFiles
import JSONText
public import SystemCalls

/// The folder of one campaign on disk.
///
///     campaign-smoke-1764000000000/
///         plan.json                    what was to be done; written first, never changed
///         lock                         held while somebody carries it out
///         runs/003-<run id>/lock       held while somebody carries out this run
///         runs/003-<run id>/attempt-1/ output of the first try: order.json, tool.log, the
///                                      run's own files and bundle, and last result.json
///         campaign.json  junit.xml  summary.md    written anew after every run
public struct CampaignFolder: Hashable, Sendable {
    public let path: String

    public static let planName = "plan.json"
    public static let resultName = "result.json"
    public static let orderName = "order.json"
    public static let logName = "tool.log"
    static let fileLimit = 64 << 20

    /// Why a folder cannot be used.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case system(SystemError)
        case noPlan(String)
        case damagedPlan(String)
        case inUse(String)

        public var description: String {
            switch self {
            case .system(let error): "\(error)"
            case .noPlan(let path): "`\(path)` is no campaign: it holds no \(planName)"
            case .damagedPlan(let path): "`\(path)` is not a plan that this version reads"
            case .inUse(let words): "the campaign is being carried out: \(words)"
            }
        }
    }

    public init(path: String) {
        self.path = path
    }

    /// Makes the folder and writes the plan.
    public static func create(
        below outputRoot: String, _ plan: CampaignPlan
    ) throws(Failure) -> CampaignFolder {
        let name = "campaign-\(plan.name)-\(WallClock.milliseconds)"
        let folder = CampaignFolder(path: Path.join(outputRoot, name))
        do throws(SystemError) {
            try DurableFiles.replace(
                Path.join(folder.path, planName), with: Array(plan.json.indented.utf8))
        } catch {
            throw .system(error)
        }
        return folder
    }

    public func plan() throws(Failure) -> CampaignPlan {
        let path = Path.join(self.path, Self.planName)
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try DurableFiles.readIfPresent(path, limit: Self.fileLimit)
        } catch {
            throw error.isMissing ? .noPlan(self.path) : .system(error)
        }
        guard let bytes else { throw .noPlan(self.path) }
        guard let json = try? JSONText(parsing: bytes), let plan = CampaignPlan(json) else {
            throw .damagedPlan(path)
        }
        return plan
    }

    /// Nobody else carries the campaign out as long as the value lives.
    public func lock() throws(Failure) -> LockFile {
        do throws(LockFile.AcquireError) {
            return try LockFile(acquiring: Path.join(path, "lock"))
        } catch {
            switch error {
            case .held: throw .inUse("\(error)")
            case .system(let error): throw .system(error)
            }
        }
    }

    // MARK: - Runs

    public func folder(of request: RunRequest) -> String {
        Path.join(Path.join(path, "runs"), request.folderName)
    }

    /// The attempts made so far, oldest first.
    public func attempts(of request: RunRequest) -> [String] {
        let folder = folder(of: request)
        let numbers = ((try? FileSystem.list(folder)) ?? []).compactMap { name in
            name.hasPrefix("attempt-") ? Int(name.dropFirst("attempt-".count)) : nil
        }
        return numbers.sorted().map { Path.join(folder, "attempt-\($0)") }
    }

    /// The folder for one more attempt, which exists then.
    public func newAttempt(of request: RunRequest) throws(SystemError) -> String {
        let last = attempts(of: request).last.flatMap {
            Int(Path.lastComponent(of: $0).dropFirst("attempt-".count))
        }
        let path = Path.join(folder(of: request), "attempt-\((last ?? 0) + 1)")
        try FileSystem.createFolders(path)
        return path
    }

    /// How the run ended and in which attempt: the attempt that reached an end if there is one,
    /// else the last that says anything.
    public func outcome(of request: RunRequest) -> (outcome: RunOutcome, attempt: String)? {
        let known = attempts(of: request).compactMap { attempt in
            Self.outcome(in: attempt).map { (outcome: $0, attempt: attempt) }
        }
        return known.last { $0.outcome.isFinished } ?? known.last
    }

    public static func outcome(in attempt: String) -> RunOutcome? {
        guard let bytes = try? FileSystem.read(Path.join(attempt, resultName), limit: fileLimit),
            let json = try? JSONText(parsing: bytes)
        else { return nil }
        return RunOutcome(json)
    }

    public static func write(_ outcome: RunOutcome, in attempt: String) throws(SystemError) {
        try DurableFiles.replace(
            Path.join(attempt, resultName), with: Array(outcome.json.indented.utf8))
    }
}
