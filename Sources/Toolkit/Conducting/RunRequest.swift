public import JSONText
import Matrix

/// One run of a campaign as data: everything that decides it, so that it can be written down,
/// given to another process, and carried out again after an interruption.
public struct RunRequest: Hashable, Sendable {
    /// Its place in the campaign, from 1.
    public var number: Int
    /// One of the ids of the run matrix (validation.md 1.4).
    public var runID: String
    public var testbed: String
    /// The file of hosts, for a testbed that needs one.
    public var hosts: String?
    /// Nil for the usual style.
    public var style: String?
    /// Faults that take the place of the nemesis family's own; empty for the family's.
    public var faults: [String]
    /// A file with the schedule to follow; nil to generate one.
    public var schedule: String?
    /// The window in seconds; nil for the run's minimum.
    public var window: UInt64?
    /// Operations per second of all clients.
    public var rate: UInt64
    public var concurrency: Int
    public var seed: UInt64

    public init(
        number: Int, runID: String, testbed: String, hosts: String? = nil, style: String? = nil,
        faults: [String] = [], schedule: String? = nil, window: UInt64? = nil, rate: UInt64,
        concurrency: Int,
        seed: UInt64
    ) {
        self.number = number
        self.runID = runID
        self.testbed = testbed
        self.hosts = hosts
        self.style = style
        self.faults = faults
        self.schedule = schedule
        self.window = window
        self.rate = rate
        self.concurrency = concurrency
        self.seed = seed
    }

    /// Whether the run is of the smoke pass: no faults are asked for.
    public var isControl: Bool {
        faults.isEmpty && schedule == nil && RunMatrix.run(id: runID)?.isControl == true
    }

    /// The window it will have, in seconds.
    public var effectiveWindow: UInt64 {
        let minimum = RunMatrix.run(id: runID)?.minimumFaultWindow ?? RunEstimate.controlWindow
        return window ?? UInt64(max(1, minimum.components.seconds))
    }

    /// The name of its folder: `003-lease_safety-control`.
    public var folderName: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "-" + runID
    }

    public var json: JSONText {
        .object([
            "number": .number(number), "run_id": .string(runID), "testbed": .string(testbed),
            "hosts": .optional(hosts), "style": .optional(style),
            "faults": .array(faults.map(JSONText.string)),
            "schedule": .optional(schedule), "window_secs": .optional(window),
            "rate": .number(rate), "concurrency": .number(concurrency), "seed": .number(seed),
        ])
    }

    /// Nil when something is missing that a request needs.
    public init?(_ json: JSONText) {
        guard let number = json["number"].integer(Int.self), let runID = json["run_id"].string,
            let testbed = json["testbed"].string, let rate = json["rate"].integer(UInt64.self),
            let concurrency = json["concurrency"].integer(Int.self),
            let seed = json["seed"].integer(UInt64.self)
        else { return nil }
        self.init(
            number: number, runID: runID, testbed: testbed, hosts: json["hosts"].string,
            style: json["style"].string,
            faults: json["faults"].elements.compactMap(\.string),
            schedule: json["schedule"].string, window: json["window_secs"].integer(),
            rate: rate, concurrency: concurrency, seed: seed)
    }
}
