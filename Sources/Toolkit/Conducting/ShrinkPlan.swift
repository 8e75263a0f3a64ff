import DurableFiles
public import JSONText
public import SystemCalls

/// What is to be made smaller, and how hard to try. Written before the first try and never changed:
/// with it and the results of the tries a search that was cut off asks the same questions again.
public struct ShrinkPlan: Hashable, Sendable {
    /// The run, with the schedule of the bundle.
    public var request: RunRequest
    public var replicaBinary: String
    /// Of each round of the schedule, how many faults it has.
    public var faultsOfRounds: [Int]
    /// A run shows it when it is blocked with one of these findings.
    public var codes: [String]
    /// How often a candidate may fail to show it before it is given up: runs are not deterministic.
    public var tries: Int
    /// Most runs that all of it may take.
    public var budget: Int

    public init(
        request: RunRequest, replicaBinary: String, faultsOfRounds: [Int], codes: [String],
        tries: Int, budget: Int
    ) {
        self.request = request
        self.replicaBinary = replicaBinary
        self.faultsOfRounds = faultsOfRounds
        self.codes = codes
        self.tries = tries
        self.budget = budget
    }

    public var original: ShrinkCandidate {
        ShrinkCandidate(faultsOfRounds: faultsOfRounds, window: request.effectiveWindow)
    }

    public func isShown(by outcome: RunOutcome) -> Bool {
        outcome.verdict == .blocked && outcome.findings.contains { codes.contains($0.code) }
    }

    // MARK: - On disk

    static let format = "allocdb-jepsen shrink plan"
    static let name = "shrink.json"

    public var json: JSONText {
        .object([
            "format": .string(Self.format), "version": .number(1), "run": request.json,
            "replica_binary": .string(replicaBinary),
            "faults_of_rounds": .array(faultsOfRounds.map { .number($0) }),
            "codes": .array(codes.map(JSONText.string)), "tries": .number(tries),
            "budget": .number(budget),
        ])
    }

    public init?(_ json: JSONText) {
        let faults = json["faults_of_rounds"].elements
        guard json["format"].string == Self.format, json["version"].integer(Int.self) == 1,
            let request = RunRequest(json["run"]), let binary = json["replica_binary"].string,
            let tries = json["tries"].integer(Int.self), tries > 0,
            let budget = json["budget"].integer(Int.self)
        else { return nil }
        let counts = faults.compactMap { $0.integer(Int.self) }
        guard counts.count == faults.count, counts.allSatisfy({ $0 > 0 }) else { return nil }
        self.init(
            request: request, replicaBinary: binary, faultsOfRounds: counts,
            codes: json["codes"].elements.compactMap(\.string), tries: tries, budget: budget)
    }

    /// Makes the folder of a search and writes the plan.
    public func create(below outputRoot: String) throws(SystemError) -> String {
        let folder = Path.join(outputRoot, "shrink-\(request.runID)-\(WallClock.milliseconds)")
        try DurableFiles.replace(
            Path.join(folder, Self.name), with: Array(json.indented.utf8))
        return folder
    }

    /// The plan in a folder; nil when there is none that this version reads.
    public init?(in folder: String) {
        guard
            let bytes = try? FileSystem.read(
                Path.join(folder, Self.name), limit: CampaignFolder.fileLimit),
            let json = try? JSONText(parsing: bytes)
        else { return nil }
        self.init(json)
    }
}
