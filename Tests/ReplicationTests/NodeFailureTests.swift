import LeaseEngine
import LeaseKernel
import Replication
import Testing

/// What a reference replica does when its disk fails, weaknesses included.
@Suite("A replica on a failing disk")
struct NodeFailureTests {
    private func primary(_ storage: MemoryNodeStorage) throws -> ReplicaNode {
        var node = try ReplicaNode.recover(configuration, from: storage)
        try node.configureNormalRole(view: View(1), role: .primary)
        return node
    }

    private let configuration = NodeConfiguration(
        identity: ReplicaIdentity(replicaID: ReplicaID(1), shardID: ShardID(0)),
        kernel: .scenarios, engine: .scenarios)

    private func create(_ number: UInt128) -> [UInt8] {
        CommandCodec.encode(
            ClientCommand(
                operationID: OperationID(number), clientID: ClientID(7),
                command: .createResource(ResourceID(number))))
    }

    @Test("a metadata write that fails is reported whole, and stays in memory")
    func metadataWrite() throws {
        let storage = MemoryNodeStorage(failureCode: 28)
        var node = try primary(storage)
        storage.injectOnce(.metadataWrite)
        let failure = #expect(throws: ReplicaNodeError.self) {
            try node.configureNormalRole(view: View(2), role: .backup)
        }
        #expect(
            failure?.debugText == "MetadataFile(Io(Os { code: 28, kind: StorageFull, "
                + "message: \"No space left on device\" }))")
        #expect(node.metadata.currentView == View(2))
        #expect(
            try ReplicaNode.recover(configuration, from: storage).metadata.currentView == View(1))
    }

    @Test("a first metadata write that fails ends the start")
    func bootstrap() {
        let storage = MemoryNodeStorage()
        storage.injectOnce(.metadataWrite)
        let failure = #expect(throws: NodeStartError.self) {
            try ReplicaNode.recover(configuration, from: storage)
        }
        #expect(failure?.debugText.hasPrefix("MetadataFile(Io(Os { code: 5, ") == true)
        #expect(storage.metadata == nil)
    }

    @Test(
        "a log that can not be written or synced halts the engine, and nothing is served",
        arguments: [MemoryStorage.Fault.append(afterBytes: 7), .sync])
    func log(_ fault: MemoryStorage.Fault) throws {
        let storage = MemoryNodeStorage()
        var node = try primary(storage)
        let entry = try node.prepareClientRequest(create(1), at: Slot(1))
        storage.engine.injectOnce(fault)
        #expect(throws: ReplicaNodeError.self) { try node.commitPrepared(through: entry.lsn) }
        #expect(node.metadata.commitLSN == nil)
        #expect(node.readRefusal(required: LSN(0)) == .fence(.engineHalted))
        #expect(throws: ReplicaNodeError.submission(.engineHalted)) {
            try node.prepareClientRequest(create(2), at: Slot(1))
        }
        // What reached the disk decides the next start: a whole frame the metadata does not
        // know of faults the reference (weakness R2), a torn one is cut.
        let next = try ReplicaNode.recover(configuration, from: storage)
        switch fault {
        case .append: #expect(next.status == .active && next.prepared.count == 1)
        default: #expect(next.status != .active)
        }
    }

    @Test("a checkpoint whose snapshot can not be written leaves the replica usable")
    func checkpoint() throws {
        let storage = MemoryNodeStorage()
        var node = try primary(storage)
        let entry = try node.prepareClientRequest(create(1), at: Slot(1))
        _ = try node.commitPrepared(through: entry.lsn)
        storage.engine.injectOnce(.replaceSnapshot)
        #expect(throws: ReplicaNodeError.self) { try node.checkpoint() }
        #expect(node.metadata.activeSnapshotLSN == nil)
        #expect(try node.checkpoint().snapshotLSN == entry.lsn)
        #expect(node.metadata.activeSnapshotLSN == entry.lsn)
    }
}
