import LeaseEngine
import LeaseKernel
import Replication

/// The files of three reference replicas in memory, driven step by step, with the replicas
/// started anew for every step: what is not in the files does not exist.
struct MemoryCluster {
    private(set) var view = View(1)
    var storages: [UInt64: MemoryNodeStorage] = [:]
    private var nextOperation: UInt128 = 1

    init() throws {
        for id in 1...3 as ClosedRange<UInt64> {
            storages[id] = MemoryNodeStorage()
            var node = try start(id)
            try node.configureNormalRole(view: view, role: id == 1 ? .primary : .backup)
        }
    }

    func configuration(_ id: UInt64) -> NodeConfiguration {
        NodeConfiguration(
            identity: ReplicaIdentity(replicaID: ReplicaID(id), shardID: ShardID(0)),
            kernel: .scenarios, engine: .scenarios)
    }

    func start(_ id: UInt64) throws -> ReplicaNode {
        guard let storage = storages[id] else { throw Missing() }
        return try ReplicaNode.recover(configuration(id), from: storage)
    }

    struct Missing: Error {}

    static func entry(_ command: Command, _ lsn: LSN, at slot: UInt64) -> PreparedEntry {
        PreparedEntry(
            kind: .client, view: View(1), lsn: lsn, requestSlot: Slot(slot),
            payload: CommandCodec.encode(
                ClientCommand(
                    operationID: OperationID(UInt128(lsn.rawValue)), clientID: ClientID(7),
                    command: command)))
    }

    /// Prepares on the given replicas, the primary first.
    mutating func prepare(
        _ command: Command, at slot: UInt64, on replicas: [UInt64]
    ) throws -> LSN {
        var primary = try start(replicas[0])
        let payload = CommandCodec.encode(
            ClientCommand(
                operationID: OperationID(nextOperation), clientID: ClientID(7), command: command))
        nextOperation += 1
        let entry = try primary.prepareClientRequest(payload, at: Slot(slot))
        for id in replicas.dropFirst() {
            var backup = try start(id)
            try backup.append(entry)
        }
        return entry.lsn
    }

    mutating func prepareEverywhere(_ command: Command, at slot: UInt64) throws -> LSN {
        try prepare(command, at: slot, on: [1, 2, 3])
    }

    func commit(_ lsn: LSN, on id: UInt64) throws -> AppliedCommand {
        var node = try start(id)
        guard let applied = try node.commitPrepared(through: lsn) else { throw Missing() }
        return applied
    }

    /// Prepares and commits on the primary and the given backups.
    @discardableResult
    mutating func write(
        _ command: Command, at slot: UInt64, primary: UInt64 = 1, backups: [UInt64] = [2, 3]
    ) throws -> LSN {
        let lsn = try prepare(command, at: slot, on: [primary] + backups)
        for id in [primary] + backups { _ = try commit(lsn, on: id) }
        return lsn
    }

    /// Changes the files of one replica, without changing those of copies of this cluster.
    mutating func edit(_ id: UInt64, _ change: (MemoryNodeStorage) -> Void) throws {
        guard let storage = storages[id] else { throw Missing() }
        let copy = MemoryNodeStorage(
            metadata: storage.metadata, preparedLog: storage.preparedLog, wal: storage.engine.wal,
            snapshot: storage.engine.snapshot)
        change(copy)
        storages[id] = copy
    }

    func survey(_ id: UInt64) throws -> ReplicaSurvey {
        guard let storage = storages[id] else { throw Missing() }
        return try ReplicaSurvey(
            storage.files.decode(named: "replica-\(id)"), configuration: .scenarios)
    }

    func plan(_ replicas: [UInt64], primary: UInt64? = nil) throws -> TakeoverPlan {
        try TakeoverPlan(
            try replicas.map(survey), clusterSize: 3, primary: primary.map { ReplicaID($0) })
    }

    @discardableResult
    mutating func takeOver(_ replicas: [UInt64], primary: UInt64? = nil) throws -> TakeoverPlan {
        let plan = try plan(replicas, primary: primary)
        for id in plan.order {
            guard let contents = plan.contents(for: id, after: .commit) else { throw Missing() }
            storages[id.rawValue] = MemoryNodeStorage(contents.files)
        }
        view = plan.newView
        return plan
    }
}

extension MemoryNodeStorage {
    var files: WorkspaceFiles {
        WorkspaceFiles(
            metadata: metadata, journal: preparedLog, log: engine.wal, snapshot: engine.snapshot)
    }

    convenience init(_ files: WorkspaceFiles) {
        self.init(
            metadata: files.metadata, preparedLog: files.journal, wal: files.log,
            snapshot: files.snapshot)
    }
}
