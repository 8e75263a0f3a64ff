public import History

/// What a replica said of itself, or that it said nothing, at one moment of a run.
public struct ReplicaObservation: Hashable, Sendable {
    /// On the clock of the record.
    public var time: RunInstant
    public var replica: ReplicaID
    /// The role in the words of the control protocol, or `down` when it did not answer.
    public var role: String
    public var view: UInt64?
    public var commitLSN: LSN?

    public init(
        time: RunInstant, replica: ReplicaID, role: String, view: UInt64? = nil,
        commitLSN: LSN? = nil
    ) {
        self.time = time
        self.replica = replica
        self.role = role
        self.view = view
        self.commitLSN = commitLSN
    }
}

/// `replicas.txt` of a bundle: what the replicas said of themselves while a run went on. The
/// first line is `version=1`; every other one is an observation, in the order of time. Written is
/// what changed: an observation stands until the next one of its replica.
public enum ReplicaObservations {
    public static let fileName = "replicas.txt"
    static let firstLine = "version=1"

    /// Why a text is none.
    public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
        public let line: Int
        public var description: String {
            "\(ReplicaObservations.fileName), line \(line): not an observation"
        }
    }

    public static func text(_ observations: [ReplicaObservation]) -> String {
        var text = firstLine + "\n"
        for one in observations {
            text += "time_nanos=\(one.time) replica=\(one.replica) role=\(word(one.role))"
            text += " view=\(one.view.map(String.init) ?? "none")"
            text += " commit_lsn=\(one.commitLSN?.description ?? "none")\n"
        }
        return text
    }

    public static func parse(_ text: String) throws(Malformed) -> [ReplicaObservation] {
        var observations: [ReplicaObservation] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard lines.first.map(String.init) == firstLine else { throw Malformed(line: 1) }
        for (offset, line) in lines.enumerated().dropFirst() {
            guard let one = observation(line) else { throw Malformed(line: offset + 1) }
            observations.append(one)
        }
        return observations
    }

    private static func observation(_ line: Substring) -> ReplicaObservation? {
        let names = ["time_nanos", "replica", "role", "view", "commit_lsn"]
        var values: [Substring] = []
        for (name, field) in zip(names, line.split(separator: " ")) {
            guard field.hasPrefix(name + "=") else { return nil }
            values.append(field.dropFirst(name.count + 1))
        }
        guard values.count == names.count, line.split(separator: " ").count == names.count,
            let time = UInt64(values[0]), let replica = UInt64(values[1]), !values[2].isEmpty,
            values[3] == "none" || UInt64(values[3]) != nil,
            values[4] == "none" || UInt64(values[4]) != nil
        else { return nil }
        return ReplicaObservation(
            time: RunInstant(time), replica: ReplicaID(replica), role: String(values[2]),
            view: UInt64(values[3]), commitLSN: UInt64(values[4]).map { LSN($0) })
    }

    /// Roles are single words; what is not becomes one, so that a line stays a line.
    private static func word(_ role: String) -> String {
        let word = role.unicodeScalars.map {
            $0.value > 0x20 && $0.value != 0x7F ? Character($0) : "_"
        }
        return word.isEmpty ? "unknown" : String(word)
    }
}

/// One replica in one role for a while.
struct RoleSpan: Hashable {
    /// How roles are told apart by colour; the order is that of the page's script.
    enum Look: Int, CaseIterable {
        case primary
        case backup
        case uncertain
        case down
        case faulted

        init(_ role: String) {
            switch role {
            case "primary": self = .primary
            case "backup": self = .backup
            case "down": self = .down
            case "faulted": self = .faulted
            case _: self = .uncertain
            }
        }

        var name: String {
            switch self {
            case .primary: "primary"
            case .backup: "backup"
            case .uncertain: "uncertain"
            case .down: "down"
            case .faulted: "faulted"
            }
        }
    }

    var from: RunInstant
    var to: RunInstant
    var look: Look
    /// For example `primary, view 3`.
    var label: String

    /// The roles of each replica over time: each observation stands until the next one.
    static func spans(
        of observations: [ReplicaObservation], until end: RunInstant
    ) -> [(replica: ReplicaID, spans: [RoleSpan])] {
        var spans: [ReplicaID: [RoleSpan]] = [:]
        for one in observations {
            let label = one.view.map { "\(one.role), view \($0)" } ?? one.role
            let new = RoleSpan(from: one.time, to: end, look: Look(one.role), label: label)
            guard let last = spans[one.replica]?.indices.last else {
                spans[one.replica] = [new]
                continue
            }
            if spans[one.replica]?[last].label == label { continue }
            spans[one.replica]?[last].to = one.time
            spans[one.replica]?.append(new)
        }
        return spans.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
