/// The status file of a run: what it does now, or how it ended (validation.md 6.1).
public struct RunStatus: Hashable, Sendable {
    public enum State: String, Sendable, CaseIterable {
        case running
        case passed
        case failed
    }

    public enum Phase: String, Sendable, CaseIterable {
        case waiting
        case verifyingSurface = "verifying_surface"
        case executing
        case analyzing
        case archiving
        case completed
        case failed
    }

    public static let version: UInt64 = 1

    public var backend: String
    public var runID: String
    public var state: State
    public var phase: Phase
    public var detail: String
    public var startedAtMillis: UInt64
    public var updatedAtMillis: UInt64
    public var minimumFaultWindowSeconds: UInt64?
    public var historyEvents: UInt64
    public var historyFile: String?
    public var artifactBundle: String?
    public var logsArchive: String?
    public var releaseGatePassed: Bool?
    public var blockers: UInt64?
    public var lastError: String?

    /// A run that has just been created.
    public init(backend: String, runID: String, atMillis now: UInt64, faultWindowSeconds: UInt64?) {
        self.backend = backend
        self.runID = runID
        state = .running
        phase = .waiting
        detail = "initializing"
        startedAtMillis = now
        updatedAtMillis = now
        minimumFaultWindowSeconds = faultWindowSeconds
        historyEvents = 0
    }

    /// Whole seconds between the two times, rounded down.
    public var elapsedSeconds: UInt64 {
        updatedAtMillis < startedAtMillis ? 0 : (updatedAtMillis - startedAtMillis) / 1000
    }
}

extension RunStatus {
    /// Backslash becomes two backslashes, line feed becomes backslash n.
    public static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Backslash n becomes a line feed, a backslash before anything else goes away, one at the
    /// end stays.
    public static func unescape(_ text: some StringProtocol) -> String {
        var plain = ""
        var isEscaped = false
        for character in text.unicodeScalars {
            if isEscaped {
                plain.unicodeScalars.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                plain.unicodeScalars.append(character)
            }
        }
        return isEscaped ? plain + "\\" : plain
    }

    public var text: String {
        func orNone(_ value: (some CustomStringConvertible)?) -> String {
            value?.description ?? "none"
        }
        let lines: [(String, String)] = [
            ("version", "\(Self.version)"), ("backend", backend), ("run_id", runID),
            ("state", state.rawValue), ("phase", phase.rawValue),
            ("detail", Self.escape(detail)), ("started_at_millis", "\(startedAtMillis)"),
            ("updated_at_millis", "\(updatedAtMillis)"), ("elapsed_secs", "\(elapsedSeconds)"),
            ("minimum_fault_window_secs", orNone(minimumFaultWindowSeconds)),
            ("history_events", "\(historyEvents)"), ("history_file", orNone(historyFile)),
            ("artifact_bundle", orNone(artifactBundle)), ("logs_archive", orNone(logsArchive)),
            ("release_gate_passed", orNone(releaseGatePassed)), ("blockers", orNone(blockers)),
            ("last_error", lastError.map(Self.escape) ?? "none"),
        ]
        return lines.map { "\($0)=\($1)\n" }.joined()
    }
}

/// Why a text is no status file.
public enum RunStatusError: Error, Hashable, Sendable, CustomStringConvertible {
    case invalidLine(String)
    case missingField(String)
    case unsupportedVersion(String)
    case invalidState(String)
    case invalidPhase(String)
    case invalidField(String, String)

    public var description: String {
        switch self {
        case .invalidLine(let line): "invalid run status line `\(line)`"
        case .missingField(let name): "missing run status field `\(name)`"
        case .unsupportedVersion(let version): "unsupported run status version `\(version)`"
        case .invalidState(let word): "invalid run state `\(word)`"
        case .invalidPhase(let word): "invalid run phase `\(word)`"
        case .invalidField(let name, let value): "invalid run status field `\(name)`: `\(value)`"
        }
    }
}

extension RunStatus {
    public init(text: String) throws(RunStatusError) {
        var fields: [String: String] = [:]
        // By scalars: a value may begin with a mark that forms one character with the `=`.
        for ended in text.unicodeScalars.split(separator: "\n") {
            let line = ended.last == "\r" ? ended.dropLast() : ended
            if line.allSatisfy(\.properties.isWhitespace) { continue }
            guard let equals = line.firstIndex(of: "=") else { throw .invalidLine(String(line)) }
            fields[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        func required(_ name: String) throws(RunStatusError) -> String {
            guard let value = fields[name] else { throw .missingField(name) }
            return value
        }
        func number(_ name: String) throws(RunStatusError) -> UInt64 {
            let value = try required(name)
            guard let number = UInt64(value) else { throw .invalidField(name, value) }
            return number
        }
        func optional(_ name: String) throws(RunStatusError) -> String? {
            let value = try required(name)
            return value == "none" ? nil : value
        }
        func optionalNumber(_ name: String) throws(RunStatusError) -> UInt64? {
            try optional(name) == nil ? nil : try number(name)
        }
        let version = try required("version")
        guard UInt64(version) == Self.version else { throw .unsupportedVersion(version) }
        backend = try required("backend")
        runID = try required("run_id")
        let stateWord = try required("state")
        guard let state = State(rawValue: stateWord) else { throw .invalidState(stateWord) }
        self.state = state
        let phaseWord = try required("phase")
        guard let phase = Phase(rawValue: phaseWord) else { throw .invalidPhase(phaseWord) }
        self.phase = phase
        detail = Self.unescape(try required("detail"))
        startedAtMillis = try number("started_at_millis")
        updatedAtMillis = try number("updated_at_millis")
        _ = try number("elapsed_secs")
        minimumFaultWindowSeconds = try optionalNumber("minimum_fault_window_secs")
        historyEvents = try number("history_events")
        historyFile = try optional("history_file")
        artifactBundle = try optional("artifact_bundle")
        logsArchive = try optional("logs_archive")
        switch try required("release_gate_passed") {
        case "true": releaseGatePassed = true
        case "false": releaseGatePassed = false
        case "none": releaseGatePassed = nil
        case let other: throw .invalidField("release_gate_passed", other)
        }
        blockers = try optionalNumber("blockers")
        lastError = try optional("last_error").map(Self.unescape)
    }
}

/// One line of a run's event log (validation.md 6.2).
public struct EventLogLine: Hashable, Sendable {
    public var timeMillis: UInt64
    public var detail: String

    public init(timeMillis: UInt64, detail: String) {
        self.timeMillis = timeMillis
        self.detail = detail
    }

    /// With its line feed.
    public var text: String {
        "time_millis=\(timeMillis) detail=\(RunStatus.escape(detail))\n"
    }

    /// Nil for a malformed line; readers of the log skip those.
    public init?(line: some StringProtocol) {
        let start = "time_millis=".unicodeScalars
        let marker = " detail=".unicodeScalars
        let line = String(line).unicodeScalars
        guard line.starts(with: start), let blank = line.firstIndex(of: " "),
            line[blank...].starts(with: marker),
            let time = UInt64(String(line[..<blank].dropFirst(start.count)))
        else { return nil }
        timeMillis = time
        detail = RunStatus.unescape(String(line[blank...].dropFirst(marker.count)))
    }
}
