public import LeaseKernel

/// What the operator commands did to a cluster: the content of `cluster-timeline.log`
/// (cluster-runner.md 5).
public struct ClusterTimeline: Hashable, Sendable {
    public static let fileName = "cluster-timeline.log"

    public enum Kind: String, CaseIterable, Sendable {
        case clusterStart = "cluster_start"
        case clusterStop = "cluster_stop"
        case replicaCrash = "replica_crash"
        case replicaRestart = "replica_restart"
        case replicaIsolate = "replica_isolate"
        case replicaHeal = "replica_heal"
    }

    public struct Event: Hashable, Sendable {
        public let sequence: UInt64
        /// Milliseconds since 1970.
        public let timestampMilliseconds: UInt128
        public let kind: Kind
        public let replica: ReplicaID?
        public let detail: String?

        public init(
            sequence: UInt64, timestampMilliseconds: UInt128, kind: Kind, replica: ReplicaID?,
            detail: String?
        ) {
            self.sequence = sequence
            self.timestampMilliseconds = timestampMilliseconds
            self.kind = kind
            self.replica = replica
            self.detail = detail
        }
    }

    public private(set) var events: [Event] = []

    /// No events, which is also what a missing file means.
    public init() {}

    /// Adds an event after the last one. Sequences count on from the last event, not from the
    /// highest, and stay at their maximum once they reach it.
    public mutating func append(
        _ kind: Kind, replica: ReplicaID?, detail: String?, atMilliseconds timestamp: UInt128
    ) {
        let last = events.last?.sequence ?? 0
        events.append(
            Event(
                sequence: last == .max ? last : last + 1, timestampMilliseconds: timestamp,
                kind: kind, replica: replica, detail: detail))
    }
}

extension ClusterTimeline {
    public init(text: String) throws(ClusterFileError) {
        do {
            try self.init(lines: textLines(text))
        } catch {
            throw ClusterFileError(.timeline, error)
        }
    }

    private init(lines: [Substring]) throws(KeyValueError) {
        guard let first = lines.first else { return }
        try Self.checkVersion(first)
        // Only truly empty lines separate: one with blanks belongs to its event.
        for block in lines.dropFirst().split(whereSeparator: { $0.isEmpty }) {
            let fields = try KeyValueFields(lines: Array(block))
            let detail = fields.optional("detail") ?? ""
            events.append(
                Event(
                    sequence: try fields.required("sequence", unsignedNumber),
                    timestampMilliseconds: try fields.required("timestamp_millis", unsignedNumber),
                    kind: try fields.required("kind") { Kind(rawValue: $0) },
                    replica: try fields.orNone("replica_id", identifier),
                    detail: detail.isEmpty || detail == "none" ? nil : detail))
        }
    }

    private static func checkVersion(_ line: Substring) throws(KeyValueError) {
        let prefix = "version="
        guard line.hasPrefix(prefix) else { throw .invalidLine(String(line)) }
        let value = String(line.dropFirst(prefix.count))
        guard let version: UInt32 = unsignedNumber(value) else {
            throw .invalidField("version", value: value)
        }
        guard version == ClusterLayout.version else { throw .unsupportedVersion(version) }
    }

    public var text: String {
        var text = "version=\(ClusterLayout.version)\n"
        for event in events {
            text += "\nsequence=\(event.sequence)\n"
            text += "timestamp_millis=\(event.timestampMilliseconds)\n"
            text += "kind=\(event.kind.rawValue)\n"
            text += "replica_id=\(event.replica?.description ?? "none")\n"
            text += "detail=\(event.detail ?? "none")\n"
        }
        return text
    }
}

/// An identifier written as a decimal number.
func identifier<ID: Identifier>(_ text: String) -> ID? where ID.RawValue == UInt64 {
    unsignedNumber(text).map { ID($0) }
}
