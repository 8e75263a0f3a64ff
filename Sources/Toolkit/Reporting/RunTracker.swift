import DurableFiles
public import SystemCalls

/// Keeps the status file, the latest pointer and the event log of one run (validation.md 6).
///
/// Where a reference run logs every recorded event, ours logs the sequence about once a second:
/// its runs record seven events, ours many thousands.
public struct RunTracker: Sendable {
    public private(set) var status: RunStatus
    public let statusPath: String
    public let latestPath: String
    public let eventLogPath: String
    private var log: AppendFile

    public static let latestName = "allocdb-jepsen-latest-status.txt"

    /// ASCII letters, digits, `-` and `_` stay, every other character becomes `_`; nothing becomes
    /// `run` (validation.md 5).
    public static func sanitised(_ runID: String) -> String {
        let name = String(
            runID.map { character in
                character.isASCII && (character.isLetter || character.isNumber)
                    || character == "-" || character == "_" ? character : "_"
            })
        return name.isEmpty ? "run" : name
    }

    /// Creates the output root and the files, in phase waiting.
    public init(
        outputRoot: String, backend: String, runID: String, faultWindowSeconds: UInt64?
    ) throws(SystemError) {
        let base = Path.join(outputRoot, Self.sanitised(runID))
        statusPath = base + "-status.txt"
        eventLogPath = base + "-events.log"
        latestPath = Path.join(outputRoot, Self.latestName)
        try FileSystem.createFolders(outputRoot)
        log = try AppendFile(opening: eventLogPath)
        status = RunStatus(
            backend: backend, runID: runID, atMillis: WallClock.milliseconds,
            faultWindowSeconds: faultWindowSeconds)
        try writeStatus()
        try note("run initialized")
    }

    /// Appends one line to the event log; on disk when this returns.
    public mutating func note(_ detail: String) throws(SystemError) {
        let line = EventLogLine(timeMillis: WallClock.milliseconds, detail: detail)
        try log.append(Array(line.text.utf8))
        try log.sync()
    }

    /// A step of the run begins: status and log carry the same words.
    public mutating func enter(_ phase: RunStatus.Phase, _ detail: String) throws(SystemError) {
        status.phase = phase
        status.detail = detail
        try writeStatus()
        try note(detail)
    }

    public mutating func recorded(_ sequence: UInt64) throws(SystemError) {
        guard sequence != status.historyEvents else { return }
        status.historyEvents = sequence
        try writeStatus()
        try note("history sequence=\(sequence)")
    }

    public mutating func complete(
        passed: Bool, blockers: UInt64, historyFile: String?, bundle: String?, events: UInt64
    ) throws(SystemError) {
        status.state = passed ? .passed : .failed
        status.historyEvents = events
        status.historyFile = historyFile
        status.artifactBundle = bundle
        status.releaseGatePassed = passed
        status.blockers = blockers
        status.lastError = nil
        try enter(.completed, "run completed")
    }

    /// The run could not be brought to its end; the phase stays that of the error.
    public mutating func fail(_ error: String) throws(SystemError) {
        status.state = .failed
        status.detail = "run failed"
        status.lastError = error
        try writeStatus()
        try note("error: \(error)")
    }

    private mutating func writeStatus() throws(SystemError) {
        status.updatedAtMillis = max(WallClock.milliseconds, status.startedAtMillis)
        let bytes = Array(status.text.utf8)
        let suffix = ".\(Processes.ownID).tmp"
        for path in [statusPath, latestPath] {
            let stem = path.hasSuffix(".txt") ? String(path.dropLast(4)) : path
            try DurableFiles.replace(path, with: bytes, temporary: stem + suffix)
        }
    }
}
