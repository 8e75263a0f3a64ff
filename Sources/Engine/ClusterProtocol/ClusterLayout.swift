public import LeaseEngine
public import LeaseKernel

/// Where the three replicas of a cluster live and which bounds they run with: the content of
/// `cluster-layout.txt` (cluster-runner.md 3).
public struct ClusterLayout: Hashable, Sendable {
    public static let version: UInt32 = 1
    public static let replicaCount = 3
    public static let fileName = "cluster-layout.txt"

    public var workspaceRoot: String
    public var currentView: View
    public var kernel: KernelConfiguration
    public var engine: EngineConfiguration
    /// Exactly three, numbered 1, 2, 3 in this order.
    public private(set) var replicas: [ReplicaLayout]

    /// The default layout of a local cluster: default bounds, view 1, the first replica primary,
    /// every path below `workspaceRoot` (which is taken as it is).
    public init(
        workspaceRoot: String, addresses: ReplicaAddresses.OfThree
    ) {
        self.workspaceRoot = workspaceRoot
        currentView = View(1)
        kernel = .clusterDefault
        engine = .clusterDefault
        replicas = [addresses.0, addresses.1, addresses.2].enumerated().map { index, addresses in
            ReplicaLayout(
                id: ReplicaID(UInt64(index + 1)), role: index == 0 ? .primary : .backup,
                workspaceRoot: workspaceRoot, addresses: addresses)
        }
    }

    /// `replicas` must be the three in order; only the reader of layout files calls this.
    init(
        workspaceRoot: String, currentView: View, kernel: KernelConfiguration,
        engine: EngineConfiguration, replicas: [ReplicaLayout]
    ) {
        self.workspaceRoot = workspaceRoot
        self.currentView = currentView
        self.kernel = kernel
        self.engine = engine
        self.replicas = replicas
    }

    public func replica(_ id: ReplicaID) -> ReplicaLayout? {
        replicas.first { $0.id == id }
    }

    /// Replaces the replica of the same number; numbers outside 1...3 change nothing and
    /// return false.
    @discardableResult
    public mutating func replace(_ replica: ReplicaLayout) -> Bool {
        guard let index = replicas.firstIndex(where: { $0.id == replica.id }) else { return false }
        replicas[index] = replica
        return true
    }

    public var faultsPath: String { "\(workspaceRoot)/\(FaultState.fileName)" }
    public var timelinePath: String { "\(workspaceRoot)/\(ClusterTimeline.fileName)" }
}

/// The three ports of one replica.
public struct ReplicaAddresses: Hashable, Sendable {
    public var control: NetworkAddress
    public var client: NetworkAddress
    /// Replica to replica.
    public var `protocol`: NetworkAddress

    public init(control: NetworkAddress, client: NetworkAddress, protocol: NetworkAddress) {
        self.control = control
        self.client = client
        self.protocol = `protocol`
    }

    /// Those of the first, the second and the third replica.
    public typealias OfThree = (ReplicaAddresses, ReplicaAddresses, ReplicaAddresses)

    /// A cluster on loopback takes nine ports, three for each replica.
    public static func loopback(ports: [UInt16]) -> OfThree {
        precondition(ports.count == 3 * ClusterLayout.replicaCount)
        func addresses(_ first: Int) -> ReplicaAddresses {
            ReplicaAddresses(
                control: .loopback(port: ports[first]),
                client: .loopback(port: ports[first + 1]),
                protocol: .loopback(port: ports[first + 2]))
        }
        return (addresses(0), addresses(3), addresses(6))
    }
}

/// One replica's part of the layout.
public struct ReplicaLayout: Hashable, Sendable {
    public let id: ReplicaID
    /// Taken at the first start only; afterwards the replica's own metadata decides.
    public var role: ReplicaRole
    public var workspaceDirectory: String
    public var logPath: String
    public var pidPath: String
    public var metadataPath: String
    public var snapshotPath: String
    public var walPath: String
    public var addresses: ReplicaAddresses

    /// A replica with the default paths below `workspaceRoot` (cluster-runner.md 2).
    public init(
        id: ReplicaID, role: ReplicaRole, workspaceRoot: String, addresses: ReplicaAddresses
    ) {
        let directory = "\(workspaceRoot)/replica-\(id)"
        self.init(
            id: id, role: role, workspaceDirectory: directory,
            logPath: "\(workspaceRoot)/logs/replica-\(id).log",
            pidPath: "\(workspaceRoot)/run/replica-\(id).pid",
            metadataPath: "\(directory)/replica.metadata",
            snapshotPath: "\(directory)/state.snapshot", walPath: "\(directory)/state.wal",
            addresses: addresses)
    }

    public init(
        id: ReplicaID, role: ReplicaRole, workspaceDirectory: String, logPath: String,
        pidPath: String, metadataPath: String, snapshotPath: String, walPath: String,
        addresses: ReplicaAddresses
    ) {
        self.id = id
        self.role = role
        self.workspaceDirectory = workspaceDirectory
        self.logPath = logPath
        self.pidPath = pidPath
        self.metadataPath = metadataPath
        self.snapshotPath = snapshotPath
        self.walPath = walPath
        self.addresses = addresses
    }

    /// The metadata file's name with one more extension (replica.md 1).
    public var prepareLogPath: String { metadataPath + ".prepare" }
}

extension KernelConfiguration {
    /// The bounds of a local cluster (wire-api.md 7.9).
    public static let clusterDefault = KernelConfiguration(
        shardID: 0, maxResources: 1024, maxReservations: 1024, maxBundleSize: 1,
        maxOperations: 4096, maxTTLSlots: 256, maxClientRetryWindowSlots: 128,
        reservationHistoryWindowSlots: 64, maxExpirationBucketLength: 1024)
}

extension EngineConfiguration {
    /// The bounds of a local cluster (wire-api.md 7.9).
    public static let clusterDefault = EngineConfiguration(
        maxSubmissionQueue: 64, maxCommandBytes: 4096, maxExpirationsPerTick: 64)
}
