import History

/// Turns the events of a record into the operation maps of Jepsen: `type`, `f`, `value`,
/// `process`, `time` and `index`, and beside them what else the record says, so that the event can
/// be made of its map again (docs/reference/history-format.md).
///
/// Memory grows with the requests that are open at once, not with the record.
struct OperationMapWriter {
    /// For Jepsen a process that got no answer has crashed and never asks again. Whatever a client
    /// does afterwards is done by this much higher a process.
    static let processStride: UInt64 = 1_000_000

    private struct Open {
        let kind: Operation.Kind
        let process: UInt64
    }

    private var open: [AttemptNumber: Open] = [:]
    /// The process that a client acts as, and whether it may ask: it waits for nothing.
    private var processes: [ProcessID: (number: UInt64, isFree: Bool)] = [:]

    mutating func map(_ event: HistoryEvent) -> Field {
        var members: [Field.Member] = []
        switch event.content {
        case .invoke(let invocation):
            let process = begin(invocation, by: event.process)
            members += Self.frame(
                "invoke", .word(invocation.operation.kind.rawValue),
                OperationFields.value(invocation.operation), .number(process), event)
            members.append(.init("attempt", .number(invocation.attempt.rawValue)))
            members.append(.init("endpoint", .number(invocation.endpoint.rawValue)))
            if let id = invocation.operationID {
                members.append(.init("operation_id", .identifier(id.rawValue)))
            }
            if let slot = invocation.slot { members.append(.init("slot", .number(slot.rawValue))) }
        case .complete(let attempt, let outcome):
            let open = end(attempt, outcome, by: event.process)
            members += Self.frame(
                outcome.jepsenType, .word(open?.kind.rawValue ?? "unknown"),
                OutcomeFields.value(outcome),
                .number(open?.process ?? UInt64(event.process.rawValue)), event)
            members.append(.init("attempt", .number(attempt.rawValue)))
            members.append(.init("outcome", .word(outcome.word)))
            if let reason = outcome.reason { members.append(.init("error", .word(reason))) }
        case .fault(let fault):
            members += Self.frame(
                "info", .word(Self.name(of: fault)),
                .object([
                    "fault": .number(fault.id.rawValue), "phase": .word(fault.phase.word),
                    "kind": .text(fault.kind),
                    "targets": .list(fault.targets.map { .number($0.rawValue) }),
                    "detail": .text(fault.detail),
                ]), .word("nemesis"), event)
        case .note(let text):
            members += Self.frame("info", .word("note"), .text(text), .word("nemesis"), event)
        }
        return .map(members)
    }

    private static func frame(
        _ type: String, _ function: Field, _ value: Field, _ process: Field,
        _ event: HistoryEvent
    ) -> [Field.Member] {
        [
            .init("type", .word(type)), .init("f", function), .init("value", value),
            .init("process", process), .init("time", .number(event.time.rawValue)),
            .init("index", .number(event.sequence.rawValue - 1)),
            .init("client", .number(event.process.rawValue)),
        ]
    }

    /// `begin_crash`: what Jepsen's plots group faults by. Kinds that are no names are not spelled
    /// out; the value has them in any case.
    private static func name(of fault: FaultEvent) -> String {
        let isName =
            !fault.kind.isEmpty
            && fault.kind.utf8.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
                    || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
        return "\(fault.phase.word)_\(isName ? fault.kind : "fault")"
    }

    private mutating func begin(_ invocation: Invocation, by client: ProcessID) -> UInt64 {
        var process = processes[client] ?? (number: UInt64(client.rawValue), isFree: true)
        if !process.isFree { process.number += Self.processStride }
        process.isFree = false
        processes[client] = process
        open[invocation.attempt] = Open(
            kind: invocation.operation.kind, process: process.number)
        return process.number
    }

    private mutating func end(
        _ attempt: AttemptNumber, _ outcome: Outcome, by client: ProcessID
    ) -> Open? {
        guard let ended = open.removeValue(forKey: attempt) else { return nil }
        switch outcome {
        case .ambiguous: break
        case .committed, .refused, .ticked, .read, .failed:
            if processes[client]?.number == ended.process { processes[client]?.isFree = true }
        }
        return ended
    }
}

extension Outcome {
    /// As Jepsen has it: ok happened, fail certainly did not, info may have.
    var jepsenType: String {
        switch self {
        case .committed, .ticked, .read: "ok"
        case .refused, .failed: "fail"
        case .ambiguous: "info"
        }
    }
}

extension FaultEvent.Phase {
    var word: String {
        switch self {
        case .begin: "begin"
        case .end: "end"
        }
    }
}
