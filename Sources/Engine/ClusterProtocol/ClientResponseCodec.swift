import LeaseEngine
import LeaseKernel

/// The bytes of responses (wire-api.md 3). There is exactly one encoding per value.
extension ClientResponse {
    private enum Tag: UInt8 {
        case committed = 1
        case submitRejected
        case resource
        case resourceNotFound
        case resourceFenceNotApplied
        case lease
        case leaseNotFound
        case leaseRetired
        case leaseFenceNotApplied
        case metrics
        case resourceEngineHalted
        case leaseEngineHalted
        case tickApplied
        case tickRejected
    }

    /// Decodes a whole response; bytes after its last field are an error. A text reply
    /// (`TextReply`) fails here with `invalidResponseTag(115)`.
    public init(decoding bytes: [UInt8]) throws(ClientCodecError) {
        var reader = ClientFieldReader(bytes)
        let tag: UInt8 = try reader.integer()
        switch Tag(rawValue: tag) {
        case .committed: self = .committed(try CommittedSubmit(from: &reader))
        case .submitRejected: self = .submitRejected(try Rejection(from: &reader))
        case .resource: self = .resource(try ResourceView(from: &reader))
        case .resourceNotFound: self = .resourceNotFound
        case .resourceFenceNotApplied:
            self = .resourceFenceNotApplied(try ReadFence(from: &reader))
        case .lease: self = .lease(try LeaseView(from: &reader))
        case .leaseNotFound: self = .leaseNotFound
        case .leaseRetired: self = .leaseRetired
        case .leaseFenceNotApplied: self = .leaseFenceNotApplied(try ReadFence(from: &reader))
        case .metrics: self = .metrics(try MetricsView(from: &reader))
        case .resourceEngineHalted: self = .resourceEngineHalted
        case .leaseEngineHalted: self = .leaseEngineHalted
        case .tickApplied:
            self = .tickApplied(
                processedCount: try reader.integer(), lastAppliedLSN: try reader.optional())
        case .tickRejected: self = .tickRejected(try Rejection(from: &reader))
        case nil: throw .invalidResponseTag(tag)
        }
        try reader.requireEnd()
    }

    /// The bytes of this response; fails with `lengthTooLarge` for a lease with more than 2^32-1
    /// members, which no configuration allows.
    public func encoded() throws(ClientCodecError) -> [UInt8] {
        var writer = ClientFieldWriter(tag: tag.rawValue)
        switch self {
        case .committed(let committed): committed.write(to: &writer)
        case .submitRejected(let rejection), .tickRejected(let rejection):
            rejection.write(to: &writer)
        case .resource(let view): view.write(to: &writer)
        case .resourceFenceNotApplied(let fence), .leaseFenceNotApplied(let fence):
            writer.write(fence.requiredLSN)
            writer.write(optional: fence.lastAppliedLSN)
        case .lease(let view): try view.write(to: &writer)
        case .metrics(let view): view.write(to: &writer)
        case .tickApplied(let count, let last):
            writer.write(count)
            writer.write(optional: last)
        case .resourceNotFound, .leaseNotFound, .leaseRetired, .resourceEngineHalted,
            .leaseEngineHalted:
            break
        }
        return writer.bytes
    }

    private var tag: Tag {
        switch self {
        case .committed: .committed
        case .submitRejected: .submitRejected
        case .resource: .resource
        case .resourceNotFound: .resourceNotFound
        case .resourceFenceNotApplied: .resourceFenceNotApplied
        case .lease: .lease
        case .leaseNotFound: .leaseNotFound
        case .leaseRetired: .leaseRetired
        case .leaseFenceNotApplied: .leaseFenceNotApplied
        case .metrics: .metrics
        case .resourceEngineHalted: .resourceEngineHalted
        case .leaseEngineHalted: .leaseEngineHalted
        case .tickApplied: .tickApplied
        case .tickRejected: .tickRejected
        }
    }
}

extension CommittedSubmit {
    fileprivate init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        appliedLSN = try reader.identifier()
        let code = try reader.discriminant(.resultCode) { ResultCode(wireValue: $0) }
        outcome = CommandOutcome(
            code, reservationID: try reader.optional(), epoch: try reader.optional(),
            deadline: try reader.optional())
        fromRetryCache = try reader.bool()
    }

    fileprivate func write(to writer: inout ClientFieldWriter) {
        writer.write(appliedLSN)
        writer.write(outcome.code.wireValue)
        writer.write(optional: outcome.reservationID)
        writer.write(optional: outcome.epoch)
        writer.write(optional: outcome.deadline)
        writer.write(fromRetryCache)
    }
}

extension ReadFence {
    fileprivate init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        requiredLSN = try reader.identifier()
        lastAppliedLSN = try reader.optional()
    }
}

extension ResourceView {
    fileprivate init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        resourceID = try reader.identifier()
        state = try reader.discriminant(.resourceState) { State(rawValue: $0) }
        currentLeaseID = try reader.optional()
        version = try reader.integer()
    }

    fileprivate func write(to writer: inout ClientFieldWriter) {
        writer.write(resourceID)
        writer.write(state.rawValue)
        writer.write(optional: currentLeaseID)
        writer.write(version)
    }
}

extension LeaseView {
    fileprivate init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        leaseID = try reader.identifier()
        holderID = try reader.identifier()
        state = try reader.discriminant(.leaseState) { State(rawValue: $0) }
        epoch = try reader.identifier()
        createdLSN = try reader.identifier()
        deadline = try reader.optional()
        releasedLSN = try reader.optional()
        retireAfter = try reader.optional()
        members = try reader.identifiers()
    }

    fileprivate func write(to writer: inout ClientFieldWriter) throws(ClientCodecError) {
        writer.write(leaseID)
        writer.write(holderID)
        writer.write(state.rawValue)
        writer.write(epoch)
        writer.write(createdLSN)
        writer.write(optional: deadline)
        writer.write(optional: releasedLSN)
        writer.write(optional: retireAfter)
        try writer.write(count: members.count)
        for member in members { writer.write(member) }
    }
}

extension MetricsView {
    fileprivate init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        queueDepth = try reader.integer()
        queueCapacity = try reader.integer()
        acceptingWrites = try reader.bool()
        startupKind = try reader.discriminant(.recoveryStartupKind) { StartupKind(rawValue: $0) }
        loadedSnapshotLSN = try reader.optional()
        replayedWALFrameCount = try reader.integer()
        replayedWALLastLSN = try reader.optional()
        activeSnapshotLSN = try reader.optional()
        lastAppliedLSN = try reader.optional()
        lastRequestSlot = try reader.optional()
        logicalSlotLag = try reader.integer()
        expirationBacklog = try reader.integer()
        operationTableUsed = try reader.integer()
        operationTableCapacity = try reader.integer()
        operationTableUtilizationPercent = try reader.integer()
    }

    fileprivate func write(to writer: inout ClientFieldWriter) {
        writer.write(queueDepth)
        writer.write(queueCapacity)
        writer.write(acceptingWrites)
        writer.write(startupKind.rawValue)
        writer.write(optional: loadedSnapshotLSN)
        writer.write(replayedWALFrameCount)
        writer.write(optional: replayedWALLastLSN)
        writer.write(optional: activeSnapshotLSN)
        writer.write(optional: lastAppliedLSN)
        writer.write(optional: lastRequestSlot)
        writer.write(logicalSlotLag)
        writer.write(expirationBacklog)
        writer.write(operationTableUsed)
        writer.write(operationTableCapacity)
        writer.write(operationTableUtilizationPercent)
    }
}
