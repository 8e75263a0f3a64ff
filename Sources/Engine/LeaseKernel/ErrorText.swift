// The fixed textual form of replica.md 2 for the errors of this target.

extension CommandDecodingError: DebugTextual {
    public var debugText: String {
        switch self {
        case .bufferTooShort: "BufferTooShort"
        case .invalidCommandTag(let tag): "InvalidCommandTag(\(tag))"
        case .invalidLayout: "InvalidLayout"
        }
    }
}

extension SlotOverflow: DebugTextual {
    public var debugText: String {
        let name =
            switch kind {
            case .operationWindow: "OperationWindow"
            case .deadline: "Deadline"
            case .reservationHistory: "ReservationHistory"
            }
        return "SlotOverflowError { kind: \(name), request_slot: \(requestSlot.debugText), "
            + "delta: \(delta) }"
    }
}

extension SnapshotDecodingError: DebugTextual {
    public var debugText: String {
        switch self {
        case .bufferTooShort: "BufferTooShort"
        case .invalidMagic(let value): "InvalidMagic(\(value))"
        case .invalidVersion(let value): "InvalidVersion(\(value))"
        case .invalidStateTag(let value): "InvalidStateTag(\(value))"
        case .invalidLayout: "InvalidLayout"
        }
    }
}

extension ConfigurationError: DebugTextual {
    public var debugText: String {
        switch self {
        case .zeroCapacity(let field): "ZeroCapacity(\"\(field.rawValue)\")"
        case .bundleSizeTooLarge: "BundleSizeTooLarge"
        case .historyWindowTooLarge: "HistoryWindowTooLarge"
        case .operationWindowTooLarge: "OperationWindowTooLarge"
        case .bucketCapacityTooLarge: "BucketCapacityTooLarge"
        case .reservationMemberTableTooLarge: "ReservationMemberTableTooLarge"
        case .wheelTooLarge: "WheelTooLarge"
        }
    }
}

extension RestoreError: DebugTextual {
    public var debugText: String {
        switch self {
        case .configuration(let error): "Config(\(error.debugText))"
        case .invalidLayout: "InvalidLayout"
        case .inconsistentWatermarks(let lastAppliedLSN, let lastRequestSlot):
            "InconsistentWatermarks { last_applied_lsn: \(lastAppliedLSN.debugText), "
                + "last_request_slot: \(lastRequestSlot.debugText) }"
        case .resourceTableOverCapacity(let count, let capacity):
            "ResourceTableOverCapacity { count: \(count), max: \(capacity) }"
        case .reservationTableOverCapacity(let count, let capacity):
            "ReservationTableOverCapacity { count: \(count), max: \(capacity) }"
        case .reservationMemberTableOverCapacity(let count, let capacity):
            "ReservationMemberTableOverCapacity { count: \(count), max: \(capacity) }"
        case .operationTableOverCapacity(let count, let capacity):
            "OperationTableOverCapacity { count: \(count), max: \(capacity) }"
        case .duplicateResource(let id): "DuplicateResourceId(ResourceId(\(id)))"
        case .duplicateReservation(let id): "DuplicateReservationId(ReservationId(\(id)))"
        case .duplicateReservationMember(let id, let index):
            "DuplicateReservationMember { reservation_id: ReservationId(\(id)), "
                + "member_index: \(index) }"
        case .duplicateOperation(let id): "DuplicateOperationId(OperationId(\(id)))"
        case .invariant(let violation): "Invariant(\"\(violation.rawValue)\")"
        }
    }
}

extension KernelError: DebugTextual {
    public var debugText: String {
        switch self {
        case .lsnNotIncreasing(let last, let found):
            "LsnNotIncreasing { last: \(last.debugText), found: \(found.debugText) }"
        case .slotDecreasing(let last, let found):
            "SlotDecreasing { last: \(last.debugText), found: \(found.debugText) }"
        case .leaseEpochExhausted(let id): "LeaseEpochExhausted(ReservationId(\(id)))"
        case .resourceVersionExhausted(let id): "ResourceVersionExhausted(ResourceId(\(id)))"
        case .reservationExists(let id): "ReservationExists(ReservationId(\(id)))"
        case .invariantViolated(let violation): "InvariantViolated(\"\(violation.rawValue)\")"
        }
    }
}
