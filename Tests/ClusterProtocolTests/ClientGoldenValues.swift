import ByteCoding
import ClusterProtocol
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

// The golden data's decoded forms, built into values without any codec.

func request(_ value: JSONValue) throws -> ClientRequest {
    switch value["type"].string {
    case "submit":
        .submit(
            slot: try required(value["request_slot"]),
            payload: try #require(value["payload_hex"].hex))
    case "get_resource":
        .getResource(
            try required(value["resource_id"]), requiredLSN: optional(value["required_lsn"]))
    case "get_lease":
        .getLease(
            try required(value["lease_id"]), requiredLSN: optional(value["required_lsn"]),
            currentSlot: try required(value["current_slot"]))
    case "get_metrics": .getMetrics(currentSlot: try required(value["current_wall_clock_slot"]))
    case "tick_expirations":
        .tickExpirations(currentSlot: try required(value["current_wall_clock_slot"]))
    default: throw UnknownGoldenValue(value: value)
    }
}

func response(_ value: JSONValue) throws -> ClientResponse {
    switch value["type"].string {
    case "submit_committed": .committed(try committed(value))
    case "submit_rejected": .submitRejected(try rejection(value))
    case "get_resource_found": .resource(try resourceView(value))
    case "get_resource_not_found": .resourceNotFound
    case "get_resource_fence_not_applied": .resourceFenceNotApplied(try fence(value))
    case "get_resource_engine_halted": .resourceEngineHalted
    case "get_lease_found": .lease(try leaseView(value))
    case "get_lease_not_found": .leaseNotFound
    case "get_lease_retired": .leaseRetired
    case "get_lease_fence_not_applied": .leaseFenceNotApplied(try fence(value))
    case "get_lease_engine_halted": .leaseEngineHalted
    case "get_metrics": .metrics(try metrics(value))
    case "tick_expirations_applied":
        .tickApplied(
            processedCount: try #require(value["processed_count"].integer()),
            lastAppliedLSN: optional(value["last_applied_lsn"]))
    case "tick_expirations_rejected": .tickRejected(try rejection(value))
    default: throw UnknownGoldenValue(value: value)
    }
}

private func committed(_ value: JSONValue) throws -> CommittedSubmit {
    CommittedSubmit(
        appliedLSN: try required(value["applied_lsn"]),
        outcome: CommandOutcome(
            try word(value["result_code"], ResultCode.allCases),
            reservationID: optional(value["lease_id"]), epoch: optional(value["lease_epoch"]),
            deadline: optional(value["deadline_slot"])),
        fromRetryCache: value["from_retry_cache"] == .bool(true))
}

private func rejection(_ value: JSONValue) throws -> Rejection {
    let code: Rejection.Code =
        switch value["code"].string {
        case "engine_halted": .engineHalted
        case "invalid_request":
            switch value["reason"].string {
            case "buffer_too_short": .invalidRequest(.bufferTooShort)
            case "invalid_command_tag":
                .invalidRequest(.invalidCommandTag(try #require(value["tag"].integer())))
            case "invalid_layout": .invalidRequest(.invalidLayout)
            default: throw UnknownGoldenValue(value: value)
            }
        case "slot_overflow":
            .slotOverflow(
                try word(value["kind"], Rejection.SlotOverflowKind.allCases),
                requestSlot: try required(value["request_slot"]),
                delta: try #require(value["delta"].integer()))
        case "command_too_large":
            .commandTooLarge(
                encodedLength: try #require(value["encoded_len"].integer()),
                maxCommandBytes: try #require(value["max_command_bytes"].integer()))
        case "lsn_exhausted": .lsnExhausted(lastApplied: try required(value["last_applied_lsn"]))
        case "overloaded":
            .overloaded(
                queueDepth: try #require(value["queue_depth"].integer()),
                queueCapacity: try #require(value["queue_capacity"].integer()))
        case "storage_failure": .storageFailure
        default: throw UnknownGoldenValue(value: value)
        }
    return Rejection(
        category: try word(value["category"], Rejection.Category.allCases), code: code)
}

private func fence(_ value: JSONValue) throws -> ReadFence {
    ReadFence(
        requiredLSN: try required(value["required_lsn"]),
        lastAppliedLSN: optional(value["last_applied_lsn"]))
}

private func resourceView(_ value: JSONValue) throws -> ResourceView {
    ResourceView(
        resourceID: try required(value["resource_id"]),
        state: try word(value["state"], ResourceView.State.allCases),
        currentLeaseID: optional(value["current_lease_id"]),
        version: try #require(value["version"].integer()))
}

private func leaseView(_ value: JSONValue) throws -> LeaseView {
    LeaseView(
        leaseID: try required(value["lease_id"]), holderID: try required(value["holder_id"]),
        state: try word(value["state"], LeaseView.State.allCases),
        epoch: try required(value["lease_epoch"]), createdLSN: try required(value["created_lsn"]),
        deadline: optional(value["deadline_slot"]), releasedLSN: optional(value["released_lsn"]),
        retireAfter: optional(value["retire_after_slot"]),
        members: try value["member_resource_ids"].array.map { try required($0) })
}

private func metrics(_ value: JSONValue) throws -> MetricsView {
    let recovery = value["recovery"]
    let core = value["core"]
    return MetricsView(
        queueDepth: try #require(value["queue_depth"].integer()),
        queueCapacity: try #require(value["queue_capacity"].integer()),
        acceptingWrites: value["accepting_writes"] == .bool(true),
        startupKind: try #require(
            StartupKind.allCases.first { $0.word == recovery["startup_kind"].string }),
        loadedSnapshotLSN: optional(recovery["loaded_snapshot_lsn"]),
        replayedWALFrameCount: try #require(recovery["replayed_wal_frame_count"].integer()),
        replayedWALLastLSN: optional(recovery["replayed_wal_last_lsn"]),
        activeSnapshotLSN: optional(recovery["active_snapshot_lsn"]),
        lastAppliedLSN: optional(core["last_applied_lsn"]),
        lastRequestSlot: optional(core["last_request_slot"]),
        logicalSlotLag: try #require(core["logical_slot_lag"].integer()),
        expirationBacklog: try #require(core["expiration_backlog"].integer()),
        operationTableUsed: try #require(core["operation_table_used"].integer()),
        operationTableCapacity: try #require(core["operation_table_capacity"].integer()),
        operationTableUtilizationPercent: try #require(
            core["operation_table_utilization_pct"].integer()))
}

struct UnknownGoldenValue: Error {
    let value: JSONValue
}

func required<ID: Identifier>(_ value: JSONValue) throws -> ID {
    ID(try #require(value.integer(ID.RawValue.self)))
}

func optional<ID: Identifier>(_ value: JSONValue) -> ID? {
    value.integer(ID.RawValue.self).map { ID($0) }
}

/// The case whose Swift name is the golden data's word without its underscores.
private func word<Value>(_ value: JSONValue, _ cases: [Value]) throws -> Value {
    let word = try #require(value.string).replacing("_", with: "").lowercased()
    return try #require(cases.first { "\($0)".lowercased() == word })
}
