public import JSONText
public import Matrix
import Randomness

/// What a campaign is: its runs in their order, each with its seed, and what all of them share.
/// Written before the first run begins and never changed, so that a campaign that was cut off
/// goes on as it was meant.
public struct CampaignPlan: Hashable, Sendable {
    /// `smoke` for a matrix of that name; `runs` or `all` otherwise.
    public var name: String
    /// All seeds follow from it, but those that a matrix names.
    public var seed: UInt64
    public var lanes: Int
    public var replicaBinary: String
    public var requests: [RunRequest]

    public static let lanesRange = 1...64

    public init(
        name: String, seed: UInt64, lanes: Int, replicaBinary: String, requests: [RunRequest]
    ) {
        self.name = name
        self.seed = seed
        self.lanes = lanes
        self.replicaBinary = replicaBinary
        self.requests = requests
    }

    /// What the command line says for all runs. A value there wins over the matrix's. Faults and
    /// schedules are for runs with faults: control runs stay what they are.
    public struct Settings: Hashable, Sendable {
        public var testbed: String?
        public var hosts: String?
        public var style: String?
        public var faults: [String]
        /// A file with the schedule that every run follows.
        public var schedule: String?
        public var window: UInt64?
        /// For runs that have a minimum window, when nobody says otherwise (validation.md 9.3).
        public var windowInsteadOfMinimum: UInt64?
        public var rate: UInt64?
        public var concurrency: Int?

        public init() {
            faults = []
        }
    }

    public static let usualTestbed = "local"

    /// The plan of a matrix. `usualRate` and `usualConcurrency` hold where nobody says otherwise.
    public init(
        _ matrix: MatrixFile, settings: Settings, seed: UInt64, lanes: Int, replicaBinary: String,
        usualRate: UInt64, usualConcurrency: Int
    ) {
        var requests: [RunRequest] = []
        var times: [String: UInt64] = [:]
        for run in matrix.runs {
            let hasMinimum = RunMatrix.run(id: run.runID)?.minimumFaultWindow != nil
            for index in 0..<run.count {
                let time = times[run.runID, default: 0]
                times[run.runID] = time + 1
                requests.append(
                    RunRequest(
                        number: requests.count + 1, runID: run.runID,
                        testbed: settings.testbed ?? run.testbed ?? Self.usualTestbed,
                        hosts: settings.hosts, style: settings.style ?? run.style,
                        faults: settings.schedule != nil && hasMinimum
                            ? []
                            : settings.faults.isEmpty || !hasMinimum
                                ? run.faults : settings.faults,
                        schedule: hasMinimum ? settings.schedule : nil,
                        window: settings.window ?? run.window
                            ?? (hasMinimum ? settings.windowInsteadOfMinimum : nil),
                        rate: settings.rate ?? run.rate ?? usualRate,
                        concurrency: settings.concurrency ?? run.concurrency ?? usualConcurrency,
                        seed: run.seeds.isEmpty
                            ? Self.derivedSeed(seed, run.runID, time) : run.seeds[index]))
            }
        }
        self.init(
            name: matrix.name, seed: seed, lanes: lanes, replicaBinary: replicaBinary,
            requests: requests)
    }

    /// The seed of the n-th run (from 0) of one id in a campaign. It depends on nothing else, so
    /// one run alone can be repeated without the others. Short enough to be typed.
    public static func derivedSeed(_ seed: UInt64, _ runID: String, _ time: UInt64) -> UInt64 {
        // FNV-1a: the same on every machine, unlike Swift's own hashes.
        let name = runID.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        var random = SeededRandom(seed: seed, stream: name &+ time)
        return random.next() >> 32
    }

    // MARK: - On disk

    public static let format = "allocdb-jepsen campaign plan"

    public var json: JSONText {
        .object([
            "format": .string(Self.format), "version": .number(1), "name": .string(name),
            "seed": .number(seed), "lanes": .number(lanes),
            "replica_binary": .string(replicaBinary),
            "runs": .array(requests.map(\.json)),
        ])
    }

    /// Nil when the value is no plan of this version, or an incomplete one.
    public init?(_ json: JSONText) {
        let requests = json["runs"].elements.map { RunRequest($0) }
        guard json["format"].string == Self.format, json["version"].integer(Int.self) == 1,
            let name = json["name"].string, let seed = json["seed"].integer(UInt64.self),
            let lanes = json["lanes"].integer(Int.self), Self.lanesRange.contains(lanes),
            let binary = json["replica_binary"].string, !requests.isEmpty
        else { return nil }
        let known = requests.compactMap(\.self)
        guard known.count == requests.count else { return nil }
        self.init(name: name, seed: seed, lanes: lanes, replicaBinary: binary, requests: known)
    }
}
