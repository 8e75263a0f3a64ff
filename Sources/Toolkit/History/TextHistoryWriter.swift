/// Writes history text version 1: tokens in the order of validation.md 2.3, single blanks
/// between them, LF after every line.
public struct TextHistoryWriter: Sendable {
    /// What was written so far and not taken.
    public private(set) var bytes: [UInt8] = []

    /// Begins with the version line.
    public init() {
        append("version=1\n")
    }

    /// The text written since the last call, so that a long history need not be kept.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    public mutating func write(_ event: TextEvent) {
        append("sequence=")
        append(event.sequence)
        append(" process=")
        append(event.process)
        append(" time_millis=")
        append(event.timeMillis)
        write(event.operation)
        write(event.outcome)
        append("\n")
    }

    private mutating func write(_ operation: TextOperation) {
        word(.operation, operation.kind.rawValue)
        number(.operationID, operation.operationID)
        number(.resourceID, operation.resourceID)
        if !operation.resourceIDs.isEmpty {
            token(.resourceIDs)
            list(operation.resourceIDs) { writer, member in writer.append(member.rawValue) }
        }
        number(.reservationID, operation.reservationID)
        number(.holderID, operation.holderID)
        number(.leaseEpoch, operation.leaseEpoch)
        number(.requiredLSN, operation.requiredLSN)
        number(.requestSlot, operation.requestSlot)
        number(.ttl, operation.ttl)
    }

    private mutating func write(_ outcome: TextOutcome) {
        switch outcome {
        case .committedWrite(let lsn, let result):
            word(.outcome, "committed_write")
            number(.appliedLSN, lsn)
            write(result)
        case .readOK(let read):
            word(.outcome, "read_ok")
            write(read)
        case .definiteFailure(let reason):
            word(.outcome, "definite_failure")
            word(.reason, reason.rawValue)
        case .ambiguous(let reason):
            word(.outcome, "ambiguous")
            word(.reason, reason.rawValue)
        }
    }

    private mutating func write(_ result: TextWriteResult) {
        word(.writeResult, result.kind.rawValue)
        switch result {
        case .reserved(_, let holder, let reservation, let epoch, let deadline):
            number(.committedReservationID, reservation)
            number(.committedHolderID, holder)
            number(.committedLeaseEpoch, epoch)
            number(.expiresAt, deadline)
        case .confirmed(_, let holder, let reservation, let epoch):
            number(.committedReservationID, reservation)
            number(.committedHolderID, holder)
            number(.committedLeaseEpoch, epoch)
        case .released(_, let holder, let reservation, let lsn):
            number(.committedReservationID, reservation)
            number(.committedHolderID, holder)
            token(.releasedLSN)
            append(lsn)
        case .revoked(let reservation), .reclaimed(let reservation):
            number(.committedReservationID, reservation)
        case .tickExpired(let entries):
            token(.expired)
            list(entries) { writer, entry in
                writer.append(entry.resourceID.rawValue)
                writer.part(entry.holderID.rawValue)
                writer.part(entry.reservationID.rawValue)
                writer.append(":")
                writer.append(entry.releasedLSN)
            }
        }
    }

    private mutating func write(_ read: TextRead) {
        word(.readTarget, read.target.rawValue)
        number(.servedBy, read.servedBy)
        word(.servedRole, read.servedRole.rawValue)
        token(.observedLSN)
        append(read.observedLSN)
        switch read.state {
        case .resourceAvailable: word(.resourceState, "available")
        case .resourceReserved(let holder, let reservation, let deadline):
            word(.resourceState, "reserved")
            part(holder.rawValue)
            part(reservation.rawValue)
            part(deadline.rawValue)
        case .resourceConfirmed(let holder, let reservation):
            word(.resourceState, "confirmed")
            part(holder.rawValue)
            part(reservation.rawValue)
        case .reservationNotFound: word(.reservationState, "not_found")
        case .reservationRetired: word(.reservationState, "retired")
        case .reservationActive(let resource, let holder, let deadline, let confirmed):
            word(.reservationState, "active")
            part(resource.rawValue)
            part(holder.rawValue)
            part(deadline.rawValue)
            append(confirmed ? ":true" : ":false")
        case .reservationReleased(let resource, let holder, let lsn):
            word(.reservationState, "released")
            part(resource.rawValue)
            part(holder.rawValue)
            append(":")
            append(lsn)
        }
    }

    private mutating func token(_ key: TextKey) {
        append(" ")
        append(key.name)
        append("=")
    }

    private mutating func word(_ key: TextKey, _ text: String) {
        token(key)
        append(text)
    }

    private mutating func number(_ key: TextKey, _ value: (some HistoryNumber)?) {
        guard let value else { return }
        token(key)
        append(value.rawValue)
    }

    private mutating func part(_ value: some FixedWidthInteger) {
        append(":")
        append(value)
    }

    private mutating func list<Element>(
        _ elements: [Element], _ write: (inout Self, Element) -> Void
    ) {
        for (index, element) in elements.enumerated() {
            if index > 0 { append(",") }
            write(&self, element)
        }
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func append(_ lsn: LSN?) {
        if let lsn { append(lsn.rawValue) } else { append("none") }
    }
}

extension TextWriteResult {
    public var kind: Kind {
        switch self {
        case .reserved: .reserved
        case .confirmed: .confirmed
        case .released: .released
        case .revoked: .revoked
        case .reclaimed: .reclaimed
        case .tickExpired: .tickExpired
        }
    }
}
