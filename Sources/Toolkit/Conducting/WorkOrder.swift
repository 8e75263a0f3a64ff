import DurableFiles
import JSONText
import SystemCalls

/// What a worker process is told: one run, and where its output goes.
public struct WorkOrder: Hashable, Sendable {
    public var request: RunRequest
    public var replicaBinary: String
    /// The folder of this attempt; `result.json` in it is the last thing written.
    public var attempt: String
    /// Words of the command line that all this began with.
    public var commandLine: [String]

    public init(
        request: RunRequest, replicaBinary: String, attempt: String, commandLine: [String]
    ) {
        self.request = request
        self.replicaBinary = replicaBinary
        self.attempt = attempt
        self.commandLine = commandLine
    }

    var path: String { Path.join(attempt, CampaignFolder.orderName) }

    /// The lock of the run's folder: whoever holds it carries the run out.
    public var lockPath: String { Path.join(Path.parent(of: attempt) ?? ".", "lock") }

    func write() throws(SystemError) {
        let json = JSONText.object([
            "request": request.json, "replica_binary": .string(replicaBinary),
            "attempt": .string(attempt),
            "command_line": .array(commandLine.map(JSONText.string)),
        ])
        try DurableFiles.replace(path, with: Array(json.indented.utf8))
    }

    /// Nil when the file is no order.
    public init?(contentsOf path: String) {
        guard let bytes = try? FileSystem.read(path, limit: CampaignFolder.fileLimit),
            let json = try? JSONText(parsing: bytes), let request = RunRequest(json["request"]),
            let binary = json["replica_binary"].string, let attempt = json["attempt"].string
        else { return nil }
        self.init(
            request: request, replicaBinary: binary, attempt: attempt,
            commandLine: json["command_line"].elements.compactMap(\.string))
    }
}
