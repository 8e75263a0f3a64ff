import LeaseEngine
import LeaseKernel
import Replication

/// Three reference replicas, one message queue and explicit connectivity (replica.md 14.3).
/// Nothing happens unless a test makes it happen.
struct ReplicatedSimulation {
    static let replicas: [ReplicaID] = [1, 2, 3].map { ReplicaID($0) }
    static let majority = 2

    enum Endpoint: Hashable {
        case client
        case replica(ReplicaID)

        var debugText: String {
            switch self {
            case .client: "Client"
            case .replica(let id): "Replica(\(id.debugText))"
            }
        }
    }

    enum Body: Hashable {
        case prepare(PreparedEntry)
        case acknowledgement(PreparedEntry)
        case commit(view: View, LSN)
        /// Carries nothing; for tests of the schedule.
        case opaque

        /// Nil for messages that belong to no view.
        var view: View? {
            switch self {
            case .prepare(let entry), .acknowledgement(let entry): entry.view
            case .commit(let view, _): view
            case .opaque: nil
            }
        }
    }

    struct Message: Hashable {
        let label: String
        let from: Endpoint
        let to: Endpoint
        let body: Body
    }

    /// A prepared entry whose result nobody knows yet.
    struct OutstandingCommit {
        let view: View
        let label: String
        var holders: Set<ReplicaID>
    }

    struct Replica {
        let configuration: NodeConfiguration
        let storage: MemoryNodeStorage
        /// Nil while it is crashed.
        var node: ReplicaNode?
    }

    var replicas: [ReplicaID: Replica] = [:]
    var configuredPrimary: ReplicaID?
    var messages: [Message] = []
    private(set) var published: [LSN: AppliedCommand] = [:]
    var outstanding: [LSN: OutstandingCommit] = [:]
    private var blocked: Set<[Endpoint]> = []

    init(kernel: KernelConfiguration, engine: EngineConfiguration) throws {
        for id in Self.replicas {
            let configuration = NodeConfiguration(
                identity: ReplicaIdentity(replicaID: id, shardID: ShardID(kernel.shardID)),
                kernel: kernel, engine: engine)
            let storage = MemoryNodeStorage()
            replicas[id] = Replica(
                configuration: configuration, storage: storage,
                node: try ReplicaNode.recover(configuration, from: storage))
        }
    }

    func node(_ id: ReplicaID) -> ReplicaNode? { replicas[id]?.node }

    func storage(of id: ReplicaID) -> MemoryNodeStorage? { replicas[id]?.storage }

    // MARK: - Nodes

    /// Runs `body` on a running node in place.
    mutating func withNode<Value>(
        _ id: ReplicaID, _ body: (inout ReplicaNode) throws(ReplicaNodeError) -> Value
    ) throws(SimulationError) -> Value {
        guard var replica = replicas[id] else { throw .unknownReplica(id) }
        guard var node = replica.node.take() else { throw .replicaFaulted(id) }
        replicas[id]?.node = nil
        defer {
            replica.node = node
            replicas[id] = replica
        }
        do throws(ReplicaNodeError) {
            return try body(&node)
        } catch {
            throw .protocol(error)
        }
    }

    func isActive(_ id: ReplicaID) -> Bool { node(id)?.status == .active }

    // MARK: - Configuration and connectivity

    mutating func configurePrimary(_ primary: ReplicaID, view: View) throws(SimulationError) {
        for id in Self.replicas {
            try withNode(id) { node throws(ReplicaNodeError) in
                try node.configureNormalRole(view: view, role: id == primary ? .primary : .backup)
            }
        }
        configuredPrimary = primary
    }

    mutating func setConnectivity(
        from: Endpoint, to: Endpoint, allowed: Bool
    ) throws(SimulationError) {
        if allowed { blocked.remove([from, to]) } else { blocked.insert([from, to]) }
        try judgeMajority()
    }

    private func isConnected(_ one: ReplicaID, _ other: ReplicaID) -> Bool {
        !blocked.contains([.replica(one), .replica(other)])
            && !blocked.contains([.replica(other), .replica(one)])
    }

    /// The active replicas a replica can exchange messages with, itself included.
    func reachable(from id: ReplicaID) -> [ReplicaID] {
        guard isActive(id) else { return [] }
        return Self.replicas.filter { $0 == id || (isActive($0) && isConnected(id, $0)) }
    }

    /// A primary that can not reach a majority stops being one.
    mutating func judgeMajority() throws(SimulationError) {
        guard let primary = configuredPrimary,
            reachable(from: primary).count < Self.majority
        else { return }
        configuredPrimary = nil
        guard isActive(primary) else { return }
        try withNode(primary) { node throws(ReplicaNodeError) in try node.enterViewUncertain() }
    }

    // MARK: - Crash and restart

    mutating func crash(_ id: ReplicaID) throws(SimulationError) {
        guard replicas[id]?.node != nil else { throw .replicaAlreadyCrashed(id) }
        replicas[id]?.node = nil
        try judgeMajority()
    }

    mutating func restart(_ id: ReplicaID) throws(SimulationError) {
        guard let replica = replicas[id] else { throw .unknownReplica(id) }
        guard replica.node == nil else { throw .replicaAlreadyRunning(id) }
        try recover(id)
        try judgeMajority()
    }

    mutating func recover(_ id: ReplicaID) throws(SimulationError) {
        guard let replica = replicas[id] else { throw .unknownReplica(id) }
        do {
            replicas[id]?.node = try ReplicaNode.recover(
                replica.configuration, from: replica.storage)
        } catch {
            throw .start(error)
        }
    }

    // MARK: - Requests

    /// Prepares a request on the primary and queues one message per backup.
    mutating func submit(
        _ payload: [UInt8], at slot: Slot, to primary: ReplicaID, label: String
    ) throws(SimulationError) -> PreparedEntry {
        try requireConfiguredPrimary(primary)
        let entry = try withNode(primary) { node throws(ReplicaNodeError) in
            try node.prepareClientRequest(payload, at: slot)
        }
        outstanding[entry.lsn] = OutstandingCommit(
            view: entry.view, label: label, holders: [primary])
        for id in Self.replicas where id != primary {
            queue(
                Message(
                    label: "\(label)-prepare-\(entry.lsn)-to-\(id)", from: .replica(primary),
                    to: .replica(id), body: .prepare(entry)))
        }
        return entry
    }

    enum SubmitAnswer {
        case answered(AppliedCommand)
        case prepared(PreparedEntry)
    }

    /// The same after a look into the retry table.
    mutating func submitOrRetry(
        _ payload: [UInt8], at slot: Slot, to primary: ReplicaID, label: String
    ) throws(SimulationError) -> SubmitAnswer {
        try requireConfiguredPrimary(primary)
        if let request = try? CommandCodec.decodeClient(payload),
            let known = node(primary)?.engine?.kernel.answerFromRetryTable(to: request, at: slot)
        {
            return .answered(known)
        }
        return .prepared(try submit(payload, at: slot, to: primary, label: label))
    }

    mutating func requireConfiguredPrimary(
        _ primary: ReplicaID
    ) throws(SimulationError) {
        try judgeMajority()
        guard configuredPrimary == primary else {
            throw .notConfiguredPrimary(expected: configuredPrimary, found: primary)
        }
    }

    mutating func read(
        _ resource: ResourceID, from id: ReplicaID, required: LSN
    ) throws(SimulationError) -> Resource? {
        try judgeMajority()
        guard let node = node(id) else { throw .read(.replicaCrashed) }
        if let refusal = node.readRefusal(required: required) { throw .read(refusal) }
        return node.engine?.kernel.resource(resource)
    }

    mutating func checkpoint(_ id: ReplicaID) throws(SimulationError) -> CheckpointReport {
        try withNode(id) { node throws(ReplicaNodeError) in try node.checkpoint() }
    }

    // MARK: - Messages

    mutating func queue(_ message: Message) {
        precondition(!messages.contains { $0.label == message.label }, "label used twice")
        messages.append(message)
    }

    mutating func drop(_ label: String) throws(SimulationError) {
        guard let index = messages.firstIndex(where: { $0.label == label }) else {
            throw .messageNotFound(label)
        }
        messages.remove(at: index)
    }

    mutating func deliver(_ label: String) throws(SimulationError) {
        guard let index = messages.firstIndex(where: { $0.label == label }) else {
            throw .messageNotFound(label)
        }
        let message = messages[index]
        guard !blocked.contains([message.from, message.to]), isRunning(message.to) else {
            throw .messageDeliveryBlocked(label: label, from: message.from, to: message.to)
        }
        messages.remove(at: index)
        guard case .replica(let receiver) = message.to else { return }
        switch message.body {
        case .opaque: break
        case .prepare(let entry): try deliverPrepare(entry, message, to: receiver)
        case .acknowledgement(let entry): try deliverAcknowledgement(entry, message, to: receiver)
        case .commit(let view, let lsn): try deliverCommit(view, lsn, to: receiver)
        }
    }

    private func isRunning(_ endpoint: Endpoint) -> Bool {
        switch endpoint {
        case .client: true
        case .replica(let id): isActive(id)
        }
    }

    private mutating func deliverPrepare(
        _ entry: PreparedEntry, _ message: Message, to receiver: ReplicaID
    ) throws(SimulationError) {
        try withNode(receiver) { node throws(ReplicaNodeError) in try node.append(entry) }
        queue(
            Message(
                label: message.label + "-ack", from: message.to, to: message.from,
                body: .acknowledgement(entry)))
    }

    private mutating func deliverAcknowledgement(
        _ entry: PreparedEntry, _ message: Message, to primary: ReplicaID
    ) throws(SimulationError) {
        try requireConfiguredPrimary(primary)
        guard case .replica(let holder) = message.from,
            outstanding[entry.lsn]?.view == entry.view,
            outstanding[entry.lsn]?.holders.insert(holder) != nil
        else {
            if published[entry.lsn] != nil { return }
            throw .pendingCommitNotFound(entry.lsn)
        }
        guard let pending = outstanding[entry.lsn], pending.holders.count >= Self.majority else {
            return
        }
        let applied = try withNode(primary) { node throws(ReplicaNodeError) in
            try node.commitPrepared(through: entry.lsn)
        }
        outstanding[entry.lsn] = nil
        if let applied { published[entry.lsn] = applied }
        for id in Self.replicas where id != primary {
            queue(
                Message(
                    label: "commit-\(entry.lsn)-to-\(id)", from: .replica(primary),
                    to: .replica(id), body: .commit(view: entry.view, entry.lsn)))
        }
    }

    private mutating func deliverCommit(
        _ view: View, _ lsn: LSN, to receiver: ReplicaID
    ) throws(SimulationError) {
        _ = try withNode(receiver) { node throws(ReplicaNodeError) in
            guard node.metadata.currentView == view else {
                throw ReplicaNodeError.viewMismatch(
                    expected: node.metadata.currentView, found: view)
            }
            return try node.commitPrepared(through: lsn)
        }
    }
}
