import ByteCoding
public import LeaseKernel
public import TestSupport

// The golden files' JSON form of the engine's values: 64- and 128-bit numbers as decimal
// strings, absent values as null.

public struct MalformedVector: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

extension JSONValue {
    /// The number that a test cannot do without.
    public func required<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws -> Value {
        guard let value = integer(type) else { throw MalformedVector("no \(type): \(self)") }
        return value
    }

    public func identifier<ID: Identifier>(_ type: ID.Type = ID.self) throws -> ID {
        ID(try required())
    }

    public func optionalIdentifier<ID: Identifier>(_ type: ID.Type = ID.self) throws -> ID? {
        isNull ? nil : try identifier()
    }

    public func requiredHex() throws -> [UInt8] {
        guard let hex else { throw MalformedVector("no hexadecimal text: \(self)") }
        return hex
    }

    public static func text(_ number: some FixedWidthInteger) -> JSONValue {
        .string(String(number))
    }

    public static func text<ID: Identifier>(_ id: ID?) -> JSONValue {
        id.map { .string(String($0.rawValue)) } ?? .null
    }

    /// A number of at most 32 bits, or a length.
    public static func count(_ number: some FixedWidthInteger) -> JSONValue {
        .number(Int64(number))
    }

    public static func hex(_ bytes: [UInt8]) -> JSONValue {
        .string(Hexadecimal.encode(bytes))
    }

    /// The error form `{"error": name, ...}`.
    public static func error(_ name: String, _ details: [String: JSONValue] = [:]) -> JSONValue {
        .object(["error": .string(name)].merging(details) { first, _ in first })
    }

    /// This object with further members.
    public func with(_ members: [String: JSONValue]) -> JSONValue {
        .object(object.merging(members) { _, new in new })
    }
}

extension Command {
    public init(vector: JSONValue) throws {
        switch vector["type"].string {
        case "create_resource":
            self = .createResource(try vector["resource_id"].identifier())
        case "reserve":
            self = .reserve(
                try vector["resource_id"].identifier(),
                holder: try vector["holder_id"].identifier(),
                ttlSlots: try vector["ttl_slots"].required())
        case "reserve_bundle":
            self = .reserveBundle(
                try vector["resource_ids"].array.map { try $0.identifier() },
                holder: try vector["holder_id"].identifier(),
                ttlSlots: try vector["ttl_slots"].required())
        case "confirm":
            self = .confirm(
                try vector["reservation_id"].identifier(),
                holder: try vector["holder_id"].identifier(),
                epoch: try vector["lease_epoch"].identifier())
        case "release":
            self = .release(
                try vector["reservation_id"].identifier(),
                holder: try vector["holder_id"].identifier(),
                epoch: try vector["lease_epoch"].identifier())
        case "expire":
            self = .expire(
                try vector["reservation_id"].identifier(),
                deadline: try vector["deadline_slot"].identifier())
        case "revoke":
            self = .revoke(try vector["reservation_id"].identifier())
        case "reclaim":
            self = .reclaim(try vector["reservation_id"].identifier())
        default:
            throw MalformedVector("no command: \(vector)")
        }
    }
}

extension ClientCommand {
    public init(vector: JSONValue) throws {
        self.init(
            operationID: try vector["operation_id"].identifier(),
            clientID: try vector["client_id"].identifier(),
            command: try Command(vector: vector["command"]))
    }
}

extension KernelConfiguration {
    public init(vector: JSONValue) throws {
        self.init(
            shardID: try vector["shard_id"].required(),
            maxResources: try vector["max_resources"].required(),
            maxReservations: try vector["max_reservations"].required(),
            maxBundleSize: try vector["max_bundle_size"].required(),
            maxOperations: try vector["max_operations"].required(),
            maxTTLSlots: try vector["max_ttl_slots"].required(),
            maxClientRetryWindowSlots: try vector["max_client_retry_window_slots"].required(),
            reservationHistoryWindowSlots:
                try vector["reservation_history_window_slots"].required(),
            maxExpirationBucketLength: try vector["max_expiration_bucket_len"].required())
    }
}

extension ResultCode {
    public var vectorName: String {
        switch self {
        case .ok: "ok"
        case .noop: "noop"
        case .alreadyExists: "already_exists"
        case .resourceTableFull: "resource_table_full"
        case .resourceNotFound: "resource_not_found"
        case .resourceBusy: "resource_busy"
        case .bundleTooLarge: "bundle_too_large"
        case .ttlOutOfRange: "ttl_out_of_range"
        case .reservationTableFull: "reservation_table_full"
        case .reservationMemberTableFull: "reservation_member_table_full"
        case .reservationNotFound: "reservation_not_found"
        case .reservationRetired: "reservation_retired"
        case .expirationIndexFull: "expiration_index_full"
        case .operationTableFull: "operation_table_full"
        case .operationConflict: "operation_conflict"
        case .invalidState: "invalid_state"
        case .holderMismatch: "holder_mismatch"
        case .staleEpoch: "stale_epoch"
        case .slotOverflow: "slot_overflow"
        }
    }
}

extension AppliedCommand {
    /// The kernel's form of an outcome.
    public var kernelVector: JSONValue {
        .object([
            "result_code": .string(outcome.code.vectorName),
            "reservation_id": .text(outcome.reservationID),
            "lease_epoch": .text(outcome.epoch),
            "deadline_slot": .text(outcome.deadline),
            "from_retry_cache": .bool(isFromRetryTable),
        ])
    }

    /// The client protocol's form of an outcome.
    public var clientVector: JSONValue {
        .object([
            "applied_lsn": .text(lsn),
            "result_code": .string(outcome.code.vectorName),
            "lease_id": .text(outcome.reservationID),
            "lease_epoch": .text(outcome.epoch),
            "deadline_slot": .text(outcome.deadline),
            "from_retry_cache": .bool(isFromRetryTable),
        ])
    }
}

extension ResourceState {
    public var vectorName: String {
        switch self {
        case .available: "available"
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .revoking: "revoking"
        }
    }
}

extension ReservationState {
    public var vectorName: String {
        switch self {
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .revoking: "revoking"
        case .released: "released"
        case .expired: "expired"
        case .revoked: "revoked"
        }
    }
}

extension Resource {
    public var vector: JSONValue {
        .object([
            "resource_id": .text(id),
            "current_state": .string(state.vectorName),
            "current_reservation_id": .text(currentReservation),
            "version": .text(version),
        ])
    }
}

extension OperationRecord {
    public var vector: JSONValue {
        .object([
            "operation_id": .text(id),
            "command_fingerprint": .text(fingerprint),
            "result_code": .string(outcome.code.vectorName),
            "result_reservation_id": .text(outcome.reservationID),
            "result_lease_epoch": .text(outcome.epoch),
            "result_deadline_slot": .text(outcome.deadline),
            "applied_lsn": .text(appliedLSN),
            "retire_after_slot": .text(retireAfter),
        ])
    }
}

extension ReservationLookup {
    public var vectorName: String {
        switch self {
        case .found: "found"
        case .retired: "retired"
        case .notFound: "not_found"
        }
    }

    public var vector: JSONValue {
        let result: JSONValue = .object(["result": .string(vectorName)])
        guard case .found(let reservation) = self else { return result }
        return result.with([
            "reservation_id": .text(reservation.id),
            "resource_id": .text(reservation.members.first),
            "holder_id": .text(reservation.holder),
            "lease_epoch": .text(reservation.epoch),
            "state": .string(reservation.state.vectorName),
            "created_lsn": .text(reservation.createdLSN),
            "deadline_slot": .text(reservation.deadline),
            "released_lsn": .text(reservation.releasedLSN),
            "retire_after_slot": .text(reservation.retireAfter),
            "member_count": .count(reservation.members.count),
            "member_resource_ids": .array(reservation.members.map(JSONValue.text)),
        ])
    }
}

extension HealthMetrics {
    public var vector: JSONValue {
        .object([
            "last_applied_lsn": .text(lastAppliedLSN),
            "last_request_slot": .text(lastRequestSlot),
            "logical_slot_lag": .text(logicalSlotLag),
            "expiration_backlog": .count(expirationBacklog),
            "operation_table_used": .count(operationTableUsed),
            "operation_table_capacity": .count(operationTableCapacity),
            "operation_table_utilization_pct": .count(operationTableUtilizationPercent),
        ])
    }
}

extension KernelSnapshot {
    public var vector: JSONValue {
        .object([
            "last_applied_lsn": .text(lastAppliedLSN),
            "last_request_slot": .text(lastRequestSlot),
            "max_retired_reservation_id": .text(maxRetiredReservation),
            "resources": .array(resources.map(\.vector)),
            "reservations": .array(
                reservations.map { row in
                    .object([
                        "reservation_id": .text(row.id),
                        "resource_id": .text(row.anchor),
                        "holder_id": .text(row.holder),
                        "lease_epoch": .text(row.epoch),
                        "state": .string(row.state.vectorName),
                        "created_lsn": .text(row.createdLSN),
                        "deadline_slot": .text(row.deadline),
                        "released_lsn": .text(row.releasedLSN),
                        "retire_after_slot": .text(row.retireAfter),
                        "member_count": .count(row.memberCount),
                    ])
                }),
            "reservation_members": .array(
                members.map { row in
                    .object([
                        "reservation_id": .text(row.key.reservation),
                        "resource_id": .text(row.resource),
                        "member_index": .count(row.key.index),
                    ])
                }),
            "operations": .array(operations.map(\.vector)),
            "wheel": .array(
                (0..<wheel.length).map { .array(wheel[$0].map(JSONValue.text)) }),
        ])
    }
}
