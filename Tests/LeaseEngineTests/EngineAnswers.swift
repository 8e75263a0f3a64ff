import EngineVectors
import LeaseEngine
import LeaseKernel
import TestSupport

// The engine's answers in the form in which golden files record them.

extension Engine {
    mutating func submitVector(_ payload: [UInt8], at slot: Slot) -> JSONValue {
        do throws(SubmissionError) {
            return try submit(payload, at: slot).clientVector.with([
                "type": .string("submit_committed")
            ])
        } catch {
            return error.vector.with(["type": .string("submit_rejected")])
        }
    }

    mutating func enqueueVector(_ payload: [UInt8], at slot: Slot) -> JSONValue {
        do throws(SubmissionError) {
            switch try enqueue(payload, at: slot) {
            case .queued:
                return .object(["outcome": .string("queued")])
            case .pending(let operation, let fingerprint):
                return .object([
                    "outcome": .string("pending"), "operation_id": .text(operation),
                    "command_fingerprint": .text(fingerprint),
                ])
            case .answered(let applied):
                return applied.clientVector.with(["outcome": .string("published")])
            }
        } catch {
            return error.vector.with(["outcome": .string("rejected")])
        }
    }

    mutating func tickVector(at slot: Slot) -> JSONValue {
        do throws(SubmissionError) {
            let report = try tick(at: slot)
            return .object([
                "type": .string("tick_expirations_applied"),
                "processed_count": .count(report.processedCount),
                "last_applied_lsn": .text(report.lastAppliedLSN),
            ])
        } catch {
            return error.vector.with(["type": .string("tick_expirations_rejected")])
        }
    }

    func resourceVector(_ step: JSONValue) throws -> JSONValue {
        if let closed = try closedFence(step, "get_resource") { return closed }
        guard let resource = kernel.resource(try step["resource_id"].identifier()) else {
            return .typed("get_resource_not_found")
        }
        return .typed(
            "get_resource_found",
            [
                "resource_id": .text(resource.id),
                "state": .string(clientName(resource.state.vectorName)),
                "current_lease_id": .text(resource.currentReservation),
                "version": .text(resource.version),
            ])
    }

    func leaseVector(_ step: JSONValue) throws -> JSONValue {
        if let closed = try closedFence(step, "get_lease") { return closed }
        let lookup = kernel.reservation(
            try step["lease_id"].identifier(), at: try step["current_slot"].identifier())
        guard case .found(let reservation) = lookup else {
            return .typed("get_lease_\(lookup.vectorName)")
        }
        return .typed(
            "get_lease_found",
            [
                "lease_id": .text(reservation.id),
                "holder_id": .text(reservation.holder),
                "state": .string(clientName(reservation.state.vectorName)),
                "lease_epoch": .text(reservation.epoch),
                "created_lsn": .text(reservation.createdLSN),
                "deadline_slot": .text(reservation.deadline),
                "released_lsn": .text(reservation.releasedLSN),
                "retire_after_slot": .text(reservation.retireAfter),
                "member_resource_ids": .array(reservation.members.map(JSONValue.text)),
            ])
    }

    private func closedFence(_ step: JSONValue, _ read: String) throws -> JSONValue? {
        switch readFence(requiredLSN: try step["required_lsn"].optionalIdentifier()) {
        case .open:
            return nil
        case .engineHalted:
            return .typed("\(read)_engine_halted")
        case .notApplied(let required, let lastApplied):
            return .typed(
                "\(read)_fence_not_applied",
                ["required_lsn": .text(required), "last_applied_lsn": .text(lastApplied)])
        }
    }

    /// The client protocol says active where the kernel says confirmed.
    private func clientName(_ state: String) -> String {
        state == "confirmed" ? "active" : state
    }
}

extension JSONValue {
    fileprivate static func typed(
        _ type: String, _ members: [String: JSONValue] = [:]
    ) -> JSONValue {
        JSONValue.object(members).with(["type": .string(type)])
    }
}
