public import JSONText

/// How far one lane is, from the last line its worker printed.
public struct LaneProgress: Hashable, Sendable {
    public struct Replica: Hashable, Sendable {
        public var id: UInt64
        public var role: String
    }

    public let request: RunRequest
    /// The words of the worker's phases; `starting` before the first line.
    public var phase = "starting"
    public var elapsed = Duration.zero
    public var windowElapsed = Duration.zero
    public var window = Duration.zero
    public var operations: UInt64 = 0
    public var ambiguous: UInt64 = 0
    public var currentFault: String?
    public var replicas: [Replica] = []
    public var findings: UInt64 = 0

    public init(_ request: RunRequest) {
        self.request = request
    }

    /// Takes over what a line says; other lines than progress say nothing here.
    public mutating func take(_ line: JSONText) {
        guard line["event"].string == "progress" else { return }
        phase = line["phase"].string ?? phase
        elapsed = .seconds(line["elapsed_secs"].double ?? 0)
        windowElapsed = .seconds(line["window_elapsed_secs"].double ?? 0)
        window = .seconds(line["window_secs"].double ?? 0)
        operations = line["operations"].integer() ?? operations
        ambiguous = line["ambiguous"].integer() ?? ambiguous
        currentFault = line["current_fault"].string
        findings = line["findings"].integer() ?? findings
        replicas = line["replicas"].elements.map { replica in
            Replica(
                id: replica["id"].integer() ?? 0, role: replica["role"].string ?? "unknown")
        }
    }
}

/// A campaign at one moment, for whoever shows it.
public struct CampaignSnapshot: Hashable, Sendable {
    public let name: String
    public let total: Int
    public var elapsed = Duration.zero
    /// What each lane carries, lane 1 first; nil for a lane without a run.
    public var lanes: [LaneProgress?]
    /// Numbers of runs that ended so far, by the word of their verdict.
    public var ended: [String: Int] = [:]

    public init(name: String, total: Int, lanes: Int) {
        self.name = name
        self.total = total
        self.lanes = [LaneProgress?](repeating: nil, count: lanes)
    }

    public var endedCount: Int { ended.values.reduce(0, +) }
}

/// What happens in a campaign, in the order in which it happens.
public enum CampaignEvent: Sendable {
    case began(RunRequest, lane: Int, attempt: String)
    /// A line of the worker's own progress, as it printed it.
    case line(RunRequest, lane: Int, JSONText)
    case ended(RunRequest, lane: Int, RunOutcome, attempt: String)
    /// Time has passed; about five times a second.
    case moment(CampaignSnapshot)
}
