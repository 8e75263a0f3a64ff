public import History

/// How operations, answers and moments read in a finding, and in what explains it.
public enum Words {
    /// The operation with its fields, for example `reserve 4 for holder 7, ttl 9`.
    public static func of(_ operation: Operation) -> String {
        switch operation {
        case .createResource(let id): "create resource \(id)"
        case .reserve(let id, let holder, let ttl):
            "reserve \(id) for holder \(holder), ttl \(ttl)"
        case .reserveBundle(let ids, let holder, let ttl):
            "reserve bundle \(list(ids)) for holder \(holder), ttl \(ttl)"
        case .confirm(let id, let holder, let epoch):
            "confirm reservation \(id) by holder \(holder), epoch \(epoch)"
        case .release(let id, let holder, let epoch):
            "release reservation \(id) by holder \(holder), epoch \(epoch)"
        case .revoke(let id): "revoke reservation \(id)"
        case .reclaim(let id): "reclaim reservation \(id)"
        case .tickExpirations: "tick expirations"
        case .getResource(let id, let fence): "read resource \(id)\(fenced(fence))"
        case .getReservation(let id, let fence): "read reservation \(id)\(fenced(fence))"
        }
    }

    static func of(_ answer: ModelAnswer) -> String {
        switch answer {
        case .refused(let code): return code.name
        case .ok(let result):
            var parts: [String] = []
            if let id = result.reservationID { parts.append("reservation \(id)") }
            if let epoch = result.epoch { parts.append("epoch \(epoch)") }
            if let deadline = result.deadline { parts.append("deadline \(deadline)") }
            return parts.isEmpty ? "ok" : "ok (\(parts.joined(separator: ", ")))"
        }
    }

    static func of(_ resource: ModelResource?) -> String {
        guard let resource else { return "not found" }
        let held = resource.reservation.map { " by reservation \($0)" } ?? ""
        return "\(name(resource.state))\(held), version \(resource.version)"
    }

    static func of(_ view: LeaseView?) -> String {
        guard let view else { return "absent" }
        let deadline = view.deadline.map { ", deadline \($0)" } ?? ""
        return "\(name(view.state)), holder \(view.holder), epoch \(view.epoch)\(deadline), "
            + "members \(list(view.members))"
    }

    /// What a read said.
    public static func of(_ answer: ReadAnswer) -> String {
        switch answer {
        case .resource(let view):
            of(
                ModelResource(
                    state: view.state, reservation: view.currentReservation, version: view.version))
        case .lease(let view): of(view)
        case .notFound: "not found"
        case .retired: "retired"
        }
    }

    /// Seconds since the run began, to the microsecond.
    static func time(_ instant: RunInstant) -> String {
        let microseconds = instant.rawValue / 1000
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + fraction + " s"
    }

    static func name(_ state: ResourceView.State) -> String {
        switch state {
        case .available: "available"
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .revoking: "revoking"
        }
    }

    static func name(_ state: LeaseView.State) -> String {
        switch state {
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .released: "released"
        case .expired: "expired"
        case .revoking: "revoking"
        case .revoked: "revoked"
        }
    }

    private static func list(_ ids: [ResourceID]) -> String {
        "[" + ids.map(\.description).joined(separator: ", ") + "]"
    }

    private static func fenced(_ fence: LSN?) -> String {
        fence.map { " with fence \($0)" } ?? ""
    }
}
