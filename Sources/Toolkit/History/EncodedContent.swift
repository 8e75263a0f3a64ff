/// The content of one event as it stands in a chunk, without the time and the process. It is made
/// before the recorder's lock is taken, so that nobody waits for it.
struct EncodedContent {
    private(set) var writer: VarintWriter
    let tag: UInt8

    var byteCount: Int { writer.count }

    /// Tags of the native format; never reuse one.
    enum Tag {
        static let invoke: UInt8 = 1
        static let complete: UInt8 = 2
        static let fault: UInt8 = 3
        static let note: UInt8 = 4
    }

    init(_ content: HistoryEvent.Content) {
        writer = VarintWriter(reservingCapacity: 80)
        switch content {
        case .invoke(let invocation):
            tag = Tag.invoke
            add(invocation)
        case .complete(let attempt, let outcome):
            tag = Tag.complete
            writer.number(attempt.rawValue)
            add(outcome)
        case .fault(let fault):
            tag = Tag.fault
            add(fault)
        case .note(let text):
            tag = Tag.note
            writer.text(text)
        }
    }

    private mutating func add(_ invocation: Invocation) {
        writer.number(invocation.attempt.rawValue)
        writer.optional(invocation.operationID?.rawValue)
        writer.optional(invocation.slot?.rawValue)
        writer.number(invocation.endpoint.rawValue)
        add(invocation.operation)
    }

    private mutating func add(_ operation: Operation) {
        writer.byte(operation.kind.tag)
        switch operation {
        case .createResource(let resource): writer.number(resource.rawValue)
        case .reserve(let resource, let holder, let ttl):
            writer.number(resource.rawValue)
            writer.number(holder.rawValue)
            writer.number(ttl.rawValue)
        case .reserveBundle(let resources, let holder, let ttl):
            add(resources)
            writer.number(holder.rawValue)
            writer.number(ttl.rawValue)
        case .confirm(let reservation, let holder, let epoch),
            .release(let reservation, let holder, let epoch):
            writer.number(reservation.rawValue)
            writer.number(holder.rawValue)
            writer.number(epoch.rawValue)
        case .revoke(let reservation), .reclaim(let reservation):
            writer.number(reservation.rawValue)
        case .tickExpirations: break
        case .getResource(let resource, let required):
            writer.number(resource.rawValue)
            writer.optional(required?.rawValue)
        case .getReservation(let reservation, let required):
            writer.number(reservation.rawValue)
            writer.optional(required?.rawValue)
        }
    }

    private mutating func add(_ outcome: Outcome) {
        writer.byte(outcome.tag)
        switch outcome {
        case .committed(let lsn, let result, let fromCache):
            writer.number(lsn.rawValue)
            writer.optional(result.reservationID?.rawValue)
            writer.optional(result.epoch?.rawValue)
            writer.optional(result.deadline?.rawValue)
            writer.byte(fromCache ? 1 : 0)
        case .refused(let lsn, let code, let fromCache):
            writer.number(lsn.rawValue)
            writer.byte(code.rawValue)
            writer.byte(fromCache ? 1 : 0)
        case .ticked(let applied, let last):
            writer.number(UInt64(applied))
            writer.optional(last?.rawValue)
        case .read(let answer, let facts):
            writer.optional(facts.role.map { UInt64($0.tag) })
            writer.optional(facts.observedLSN?.rawValue)
            add(answer)
        case .failed(let failure): add(failure)
        case .ambiguous(let ambiguity): writer.byte(ambiguity.rawValue)
        }
    }

    private mutating func add(_ answer: ReadAnswer) {
        writer.byte(answer.tag)
        switch answer {
        case .resource(let view):
            writer.number(view.resourceID.rawValue)
            writer.byte(view.state.rawValue)
            writer.optional(view.currentReservation?.rawValue)
            writer.number(view.version)
        case .lease(let view):
            writer.number(view.reservationID.rawValue)
            writer.number(view.holder.rawValue)
            writer.byte(view.state.rawValue)
            writer.number(view.epoch.rawValue)
            writer.number(view.createdLSN.rawValue)
            writer.optional(view.deadline?.rawValue)
            writer.optional(view.releasedLSN?.rawValue)
            writer.optional(view.retireAfter?.rawValue)
            add(view.members)
        case .notFound, .retired: break
        }
    }

    private mutating func add(_ failure: DefiniteFailure) {
        writer.byte(failure.tag)
        switch failure {
        case .notPrimary(let role): writer.optional(role.map { UInt64($0.tag) })
        case .fenceNotApplied(let last): writer.optional(last?.rawValue)
        case .engineHalted, .invalidRequest, .slotOverflow, .commandTooLarge, .lsnExhausted,
            .overloaded, .isolated, .replicaFaulted, .connectionRefused:
            break
        }
    }

    private mutating func add(_ fault: FaultEvent) {
        writer.number(fault.id.rawValue)
        writer.byte(fault.phase.rawValue)
        writer.text(fault.kind)
        writer.number(UInt64(fault.targets.count))
        for target in fault.targets { writer.number(target.rawValue) }
        writer.text(fault.detail)
    }

    private mutating func add(_ resources: [ResourceID]) {
        writer.number(UInt64(resources.count))
        for resource in resources { writer.number(resource.rawValue) }
    }
}
