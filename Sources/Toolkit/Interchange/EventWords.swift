public import History

/// Events in words, one line each, for people.
public enum EventWords {
    public static func of(_ event: HistoryEvent) -> String {
        "\(event.sequence)  \(withoutSequence(event))"
    }

    /// For places that number events themselves.
    public static func withoutSequence(_ event: HistoryEvent) -> String {
        "\(seconds(event.time))  \(who(event.process))  \(of(event.content))"
    }

    /// Seconds since the begin of the run, to the microsecond.
    private static func seconds(_ time: RunInstant) -> String {
        let micros = time.rawValue / 1000
        let fraction = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count)
            + fraction + " s"
    }

    private static func who(_ process: ProcessID) -> String {
        process == .tool ? "tool" : "client \(process)"
    }

    private static func of(_ content: HistoryEvent.Content) -> String {
        switch content {
        case .invoke(let invocation):
            var text = "asks replica \(invocation.endpoint) to \(of(invocation.operation))"
            if let slot = invocation.slot { text += " at slot \(slot)" }
            text += " (attempt \(invocation.attempt)"
            if let id = invocation.operationID { text += ", operation \(id)" }
            return text + ")"
        case .complete(let attempt, let outcome):
            return "attempt \(attempt): \(of(outcome))"
        case .fault(let fault):
            let targets = fault.targets.map(\.description).joined(separator: ", ")
            return "fault \(fault.id) \(fault.phase == .begin ? "begins" : "ends"): \(fault.kind)"
                + (targets.isEmpty ? "" : " on \(targets)")
                + (fault.detail.isEmpty ? "" : " (\(fault.detail))")
        case .note(let text): return "note: \(text)"
        }
    }

    private static func of(_ operation: Operation) -> String {
        switch operation {
        case .createResource(let resource): "create resource \(resource)"
        case .reserve(let resource, let holder, let ttl):
            "reserve resource \(resource) for holder \(holder), TTL \(ttl)"
        case .reserveBundle(let resources, let holder, let ttl):
            "reserve resources \(list(resources)) for holder \(holder), TTL \(ttl)"
        case .confirm(let reservation, let holder, let epoch):
            "confirm reservation \(reservation) of holder \(holder), epoch \(epoch)"
        case .release(let reservation, let holder, let epoch):
            "release reservation \(reservation) of holder \(holder), epoch \(epoch)"
        case .revoke(let reservation): "revoke reservation \(reservation)"
        case .reclaim(let reservation): "reclaim reservation \(reservation)"
        case .tickExpirations: "expire what is due"
        case .getResource(let resource, let required):
            "read resource \(resource)" + fence(required)
        case .getReservation(let reservation, let required):
            "read reservation \(reservation)" + fence(required)
        }
    }

    private static func fence(_ required: LSN?) -> String {
        required.map { " as of LSN \($0)" } ?? ""
    }

    private static func list(_ resources: [ResourceID]) -> String {
        resources.map(\.description).joined(separator: ", ")
    }

    private static func of(_ outcome: Outcome) -> String {
        switch outcome {
        case .committed(let lsn, let result, let fromCache):
            var text = "committed at LSN \(lsn)"
            if let reservation = result.reservationID { text += ", reservation \(reservation)" }
            if let epoch = result.epoch { text += ", epoch \(epoch)" }
            if let deadline = result.deadline { text += ", until slot \(deadline)" }
            return text + remembered(fromCache)
        case .refused(let lsn, let code, let fromCache):
            return "refused at LSN \(lsn): \(code.name)" + remembered(fromCache)
        case .ticked(let applied, let last):
            return "expired \(applied)" + (last.map { ", up to LSN \($0)" } ?? "")
        case .read(let answer, _): return of(answer)
        case .failed: return "not executed: \(outcome.reason ?? "")"
        case .ambiguous: return "executed or not: \(outcome.reason ?? "")"
        }
    }

    private static func remembered(_ fromCache: Bool) -> String {
        fromCache ? " (remembered)" : ""
    }

    private static func of(_ answer: ReadAnswer) -> String {
        switch answer {
        case .resource(let view):
            "resource \(view.resourceID) is \(view.state.word)"
                + (view.currentReservation.map { " by reservation \($0)" } ?? "")
                + ", version \(view.version)"
        case .lease(let view):
            "reservation \(view.reservationID) of holder \(view.holder) is \(view.state.word), "
                + "epoch \(view.epoch)" + (view.deadline.map { ", until slot \($0)" } ?? "")
                + ", of resources \(list(view.members))"
        case .notFound: "not found"
        case .retired: "retired"
        }
    }
}
