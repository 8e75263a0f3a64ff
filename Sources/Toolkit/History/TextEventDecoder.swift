/// Turns one line of text version 1 into an event, in the decode order of validation.md 2.7: of
/// several errors in a line the first in that order is reported.
struct TextEventDecoder {
    typealias Problem = TextHistoryError.Problem

    private var tokens = TextTokens()
    private let kinds = TextWords<TextOperation.Kind>()
    private let outcomes = TextWords<OutcomeKind>()
    private let results = TextWords<TextWriteResult.Kind>()
    private let targets = TextWords<TextRead.Target>()
    private let roles = TextWords<ReplicaRole>()
    private let failures = TextWords<TextOutcome.FailureReason>()
    private let ambiguities = TextWords<TextOutcome.AmbiguityReason>()

    private enum OutcomeKind: String, CaseIterable {
        case committedWrite = "committed_write"
        case readOK = "read_ok"
        case definiteFailure = "definite_failure"
        case ambiguous = "ambiguous"
    }

    /// Checks the version line, the first line that is not blank.
    mutating func checkVersion(_ line: Span<UInt8>) throws(Problem) {
        try cut(line)
        let version: UInt32 = try number(.version, line)
        guard version == 1 else { throw .unsupportedVersion(version) }
    }

    /// The event on `line`, which is valid UTF-8, not blank and without its line end.
    mutating func decode(_ line: Span<UInt8>) throws(Problem) -> TextEvent {
        try cut(line)
        let operation = try operation(line)
        let outcome = try outcome(line, of: operation)
        return TextEvent(
            sequence: try number(.sequence, line),
            process: TextField.text(line, try value(.process)),
            timeMillis: try number(.timeMillis, line), operation: operation, outcome: outcome)
    }

    private mutating func cut(_ line: Span<UInt8>) throws(Problem) {
        guard tokens.cut(line) else {
            throw .invalidLine(TextField.text(line, 0..<line.count))
        }
    }

    private func operation(_ line: Span<UInt8>) throws(Problem) -> TextOperation {
        var operation = TextOperation(try word(.operation, line, in: kinds))
        operation.operationID = try optionalNumber(.operationID, line).map { OperationID($0) }
        operation.resourceID = try optionalNumber(.resourceID, line).map { ResourceID($0) }
        if let range = tokens[.resourceIDs] {
            operation.resourceIDs = try TextField.resourceIDs(line, range)
        }
        operation.reservationID =
            try optionalNumber(.reservationID, line).map { ReservationID($0) }
        operation.holderID = try optionalNumber(.holderID, line).map { HolderID($0) }
        operation.leaseEpoch = try optionalNumber(.leaseEpoch, line).map { LeaseEpoch($0) }
        operation.requiredLSN = try optionalLSN(.requiredLSN, line)
        operation.requestSlot = try optionalNumber(.requestSlot, line).map { Slot($0) }
        operation.ttl = try optionalNumber(.ttl, line).map { SlotCount($0) }
        return operation
    }

    private func outcome(
        _ line: Span<UInt8>, of operation: TextOperation
    ) throws(Problem) -> TextOutcome {
        switch try word(.outcome, line, in: outcomes) {
        case .committedWrite:
            let lsn = LSN(try number(.appliedLSN, line))
            return .committedWrite(lsn, try writeResult(line, of: operation))
        case .readOK: return .readOK(try read(line))
        case .definiteFailure: return .definiteFailure(try word(.reason, line, in: failures))
        case .ambiguous: return .ambiguous(try word(.reason, line, in: ambiguities))
        }
    }

    private func writeResult(
        _ line: Span<UInt8>, of operation: TextOperation
    ) throws(Problem) -> TextWriteResult {
        switch try word(.writeResult, line, in: results) {
        case .reserved:
            let resource = try resource(of: operation)
            let epoch = LeaseEpoch(try number(.committedLeaseEpoch, line))
            let holder = HolderID(try number(.committedHolderID, line))
            let reservation = try committedReservation(line)
            return .reserved(
                resource, holder, reservation, epoch,
                expiresAt: Slot(try number(.expiresAt, line)))
        case .confirmed:
            let resource = try resource(of: operation)
            let epoch = LeaseEpoch(try number(.committedLeaseEpoch, line))
            let holder = HolderID(try number(.committedHolderID, line))
            return .confirmed(resource, holder, try committedReservation(line), epoch)
        case .released:
            let resource = try resource(of: operation)
            let holder = HolderID(try number(.committedHolderID, line))
            let reservation = try committedReservation(line)
            return .released(
                resource, holder, reservation, releasedLSN: try optionalLSN(.releasedLSN, line))
        case .revoked: return .revoked(try committedReservation(line))
        case .reclaimed: return .reclaimed(try committedReservation(line))
        case .tickExpired: return .tickExpired(try TextField.expired(line, try value(.expired)))
        }
    }

    private func resource(of operation: TextOperation) throws(Problem) -> ResourceID {
        guard let resource = operation.resourceID else {
            throw .missingField(TextKey.resourceID.name)
        }
        return resource
    }

    private func committedReservation(_ line: Span<UInt8>) throws(Problem) -> ReservationID {
        ReservationID(try number(.committedReservationID, line))
    }

    private func read(_ line: Span<UInt8>) throws(Problem) -> TextRead {
        let target = try word(.readTarget, line, in: targets)
        let servedBy = ReplicaID(try number(.servedBy, line))
        let role = try word(.servedRole, line, in: roles)
        let observed = try optionalLSN(.observedLSN, line)
        return TextRead(
            target: target, servedBy: servedBy, servedRole: role, observedLSN: observed,
            state: try state(line))
    }

    private func state(_ line: Span<UInt8>) throws(Problem) -> TextRead.State {
        if let range = tokens[.resourceState] { return try TextState.resource(line, range) }
        if let range = tokens[.reservationState] { return try TextState.reservation(line, range) }
        throw .missingField("resource_state or reservation_state")
    }

    @inline(__always)
    private func value(_ key: TextKey) throws(Problem) -> Range<Int> {
        guard let range = tokens[key] else { throw .missingField(key.name) }
        return range
    }

    @inline(__always)
    private func number<Value: FixedWidthInteger & UnsignedInteger>(
        _ key: TextKey, _ line: Span<UInt8>
    ) throws(Problem) -> Value {
        let range = try value(key)
        guard let value = TextField.number(line, range, as: Value.self) else {
            throw TextField.invalid(key, line, range)
        }
        return value
    }

    @inline(__always)
    private func optionalNumber<Value: FixedWidthInteger & UnsignedInteger>(
        _ key: TextKey, _ line: Span<UInt8>
    ) throws(Problem) -> Value? {
        tokens[key] == nil ? nil : try number(key, line)
    }

    /// A position that may be absent or `none`, which mean the same.
    @inline(__always)
    private func optionalLSN(_ key: TextKey, _ line: Span<UInt8>) throws(Problem) -> LSN? {
        guard let range = tokens[key] else { return nil }
        guard let value = TextField.numberOrNone(line, range) else {
            throw TextField.invalid(key, line, range)
        }
        return value.map { LSN($0) }
    }

    @inline(__always)
    private func word<Value>(
        _ key: TextKey, _ line: Span<UInt8>, in words: TextWords<Value>
    ) throws(Problem) -> Value {
        let range = try value(key)
        guard let value = words.find(line, range) else {
            throw TextField.invalid(key, line, range)
        }
        return value
    }
}
