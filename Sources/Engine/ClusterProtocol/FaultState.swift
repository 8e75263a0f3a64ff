public import LeaseKernel

/// Which replicas the operator has isolated: the content of `cluster-faults.txt`
/// (cluster-runner.md 4).
public struct FaultState: Hashable, Sendable {
    public static let fileName = "cluster-faults.txt"

    public var workspaceRoot: String
    /// Ordered by replica; only ids of the cluster.
    public private(set) var isolated: [ReplicaID] = []

    /// Everybody healthy.
    public init(workspaceRoot: String) {
        self.workspaceRoot = workspaceRoot
    }

    public func isIsolated(_ replica: ReplicaID) -> Bool { isolated.contains(replica) }

    /// Marks a replica; doing it twice changes nothing.
    public mutating func isolate(_ replica: ReplicaID) throws(UnknownReplica) {
        try Self.check(replica)
        guard !isolated.contains(replica) else { return }
        isolated.append(replica)
        isolated.sort()
    }

    /// Takes the mark away; doing it twice changes nothing.
    public mutating func heal(_ replica: ReplicaID) throws(UnknownReplica) {
        try Self.check(replica)
        isolated.removeAll { $0 == replica }
    }

    /// A replica number outside the cluster.
    public struct UnknownReplica: Error, Hashable, Sendable, CustomStringConvertible {
        public let replica: ReplicaID
        public var description: String { "unknown replica id `\(replica)`" }
    }

    private static func check(_ replica: ReplicaID) throws(UnknownReplica) {
        guard allReplicas.contains(replica) else { throw UnknownReplica(replica: replica) }
    }

    private static let allReplicas =
        (1...UInt64(ClusterLayout.replicaCount)).map { ReplicaID($0) }
}

extension FaultState {
    public init(text: String) throws(ClusterFileError) {
        do {
            let fields = try KeyValueFields(text)
            try fields.requireLayoutVersion()
            self.init(workspaceRoot: try fields.required("workspace_root"))
            for replica in Self.allReplicas {
                let isIsolated = try fields.required(Self.key(replica)) { word -> Bool? in
                    switch word {
                    case "isolated": true
                    case "healthy": false
                    default: nil
                    }
                }
                if isIsolated { isolated.append(replica) }
            }
        } catch {
            throw ClusterFileError(.faults, error)
        }
    }

    public var text: String {
        var lines = ["version=\(ClusterLayout.version)", "workspace_root=\(workspaceRoot)"]
        for replica in Self.allReplicas {
            lines.append("\(Self.key(replica))=\(isIsolated(replica) ? "isolated" : "healthy")")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func key(_ replica: ReplicaID) -> String { "replica.\(replica).network" }
}

extension KeyValueFields {
    /// Layout and fault file carry the same version, checked before everything else.
    func requireLayoutVersion() throws(KeyValueError) {
        let version: UInt32 = try required("version", unsignedNumber)
        guard version == ClusterLayout.version else { throw .unsupportedVersion(version) }
    }
}
