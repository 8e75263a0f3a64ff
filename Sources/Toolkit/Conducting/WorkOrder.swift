import DurableFiles
import JSONText
import SystemCalls

/// What a worker process is told: one run, and where its output goes.
public struct WorkOrder: Hashable, Sendable {
    public var request: RunRequest
    public var replicaBinary: String
    /// From 1; the lane decides which of the machine's ports the run uses.
    public var lane: Int
    public var lanes: Int
    /// The folder of this attempt; `result.json` in it is the last thing written.
    public var attempt: String
    /// Words of the command line that all this began with.
    public var commandLine: [String]

    public init(
        request: RunRequest, replicaBinary: String, lane: Int, lanes: Int, attempt: String,
        commandLine: [String]
    ) {
        self.request = request
        self.replicaBinary = replicaBinary
        self.lane = lane
        self.lanes = lanes
        self.attempt = attempt
        self.commandLine = commandLine
    }

    var path: String { Path.join(attempt, CampaignFolder.orderName) }

    /// The lock of the run's folder: whoever holds it carries the run out.
    public var lockPath: String { Path.join(Path.parent(of: attempt) ?? ".", "lock") }

    func write() throws(SystemError) {
        let json = JSONText.object([
            "request": request.json, "replica_binary": .string(replicaBinary),
            "lane": .number(lane), "lanes": .number(lanes), "attempt": .string(attempt),
            "command_line": .array(commandLine.map(JSONText.string)),
        ])
        try DurableFiles.replace(path, with: Array(json.indented.utf8))
    }

    /// Nil when the file is no order.
    public init?(contentsOf path: String) {
        guard let bytes = try? FileSystem.read(path, limit: CampaignFolder.fileLimit),
            let json = try? JSONText(parsing: bytes), let request = RunRequest(json["request"]),
            let binary = json["replica_binary"].string, let attempt = json["attempt"].string,
            let lane = json["lane"].integer(Int.self), let lanes = json["lanes"].integer(Int.self),
            lane >= 1, lane <= lanes
        else { return nil }
        self.init(
            request: request, replicaBinary: binary, lane: lane, lanes: lanes, attempt: attempt,
            commandLine: json["command_line"].elements.compactMap(\.string))
    }
}
