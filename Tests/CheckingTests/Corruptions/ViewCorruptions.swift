import Checking
import History

/// One field of what a read shows is not what it was.
extension CorruptionOperator {
    static let views: [CorruptionOperator] = leases + resources + absences

    private static func lease(
        _ name: String, _ change: @escaping @Sendable (LeaseView) -> LeaseView?
    ) -> CorruptionOperator {
        .init(name, .reads) { editor, random in editor.changeLease(&random, change) }
    }

    private static let leases: [CorruptionOperator] = [
        lease("return an old epoch") {
            $0.epoch.rawValue > 1 ? $0.changed(epoch: LeaseEpoch($0.epoch.rawValue - 1)) : nil
        },
        lease("return a future epoch") { $0.changed(epoch: LeaseEpoch($0.epoch.rawValue + 1)) },
        lease("show another lease than asked for") {
            $0.with(id: ReservationID($0.reservationID.rawValue + 1))
        },
        lease("show another creation") { $0.with(createdLSN: LSN($0.createdLSN.rawValue + 1)) },
        lease("show another end") {
            $0.releasedLSN.map { $0.rawValue }.map(LSN.init) == nil
                ? nil : $0.with(releasedLSN: LSN(($0.releasedLSN?.rawValue ?? 0) + 1))
        },
        lease("show a live lease with an end") {
            $0.state.isTerminal ? nil : $0.with(releasedLSN: $0.createdLSN)
        },
        lease("show an ended lease without its end") {
            $0.state.isTerminal ? $0.with(releasedLSN: .some(nil)) : nil
        },
        lease("show another retirement") {
            $0.retireAfter == nil ? nil : $0.with(retireAfter: $0.retireAfter.map { $0.moved(1) })
        },
        lease("leave the deadline out of a lease") { $0.with(deadline: .some(nil)) },
        lease("show a reserved lease as confirmed") {
            $0.state == .reserved ? $0.with(state: .confirmed) : nil
        },
        lease("show a confirmed lease as being revoked") {
            $0.state == .confirmed ? $0.with(state: .revoking) : nil
        },
        lease("show a released lease as expired") {
            $0.state == .released ? $0.with(state: .expired) : nil
        },
        lease("show an expired lease as revoked") {
            $0.state == .expired ? $0.with(state: .revoked) : nil
        },
        lease("show a live lease as released") {
            $0.state.isTerminal ? nil : $0.with(state: .released)
        },
        lease("show a member that was not asked for") {
            $0.changed(members: $0.members + [ResourceID(77)])
        },
        lease("show the members in another order") {
            $0.members.count > 1 ? $0.changed(members: $0.members.reversed()) : nil
        },
    ]

    private static func resource(
        _ name: String, _ change: @escaping @Sendable (ResourceView) -> ResourceView?
    ) -> CorruptionOperator {
        .init(name, .reads) { editor, random in
            editor.changeRead(&random) { _, _, answer in
                if case .resource(let view) = answer {
                    change(view).map(ReadAnswer.resource)
                } else {
                    nil
                }
            }
        }
    }

    private static let resources: [CorruptionOperator] = [
        resource("show another resource than asked for") {
            $0.with(id: ResourceID($0.resourceID.rawValue + 1))
        },
        resource("show one version too many") { $0.with(version: $0.version + 1) },
        resource("show one version too few") {
            $0.version > 0 ? $0.with(version: $0.version - 1) : nil
        },
        resource("show a resource under another lease") {
            $0.currentReservation == nil
                ? nil
                : $0.with(reservation: $0.currentReservation.map { ReservationID($0.rawValue + 1) })
        },
        resource("show a held resource under no lease") {
            $0.currentReservation == nil ? nil : $0.with(reservation: .some(nil))
        },
        resource("show a free resource under a lease") {
            $0.currentReservation == nil ? $0.with(reservation: ReservationID(7)) : nil
        },
        resource("show a reserved resource as confirmed") {
            $0.state == .reserved ? $0.with(state: .confirmed) : nil
        },
        resource("show a resource as revoking that is not") {
            $0.state == .revoking ? nil : $0.with(state: .revoking)
        },
        resource("show a resource as held that is free") {
            $0.state == .available ? $0.with(state: .reserved) : nil
        },
    ]

    private static func absence(
        _ name: String, _ change: @escaping @Sendable (RecordEditor, Int, ReadAnswer) -> ReadAnswer?
    ) -> CorruptionOperator {
        .init(name, .reads) { editor, random in editor.changeRead(&random, change) }
    }

    private static let absences: [CorruptionOperator] = [
        absence("hide a lease") { _, _, answer in
            if case .lease = answer { .notFound } else { nil }
        },
        absence("take a live lease for retired in a read") { _, _, answer in
            if case .lease(let view) = answer, !view.state.isTerminal { .retired } else { nil }
        },
        absence("hide a retired lease") { _, _, answer in
            answer == .retired ? .notFound : nil
        },
        absence("show a lease that never was as retired") { editor, index, answer in
            guard answer == .notFound,
                case .getReservation = editor.entries[index].invocation.operation
            else { return nil }
            return .retired
        },
        absence("invent a resource") { editor, index, answer in
            guard answer == .notFound,
                case .getResource(let id, _) = editor.entries[index].invocation.operation
            else { return nil }
            return .resource(
                ResourceView(
                    resourceID: id, state: .available, currentReservation: nil, version: 0))
        },
        absence("show a lease where a resource was asked for") { editor, _, answer in
            guard case .resource = answer else { return nil }
            return editor.entries.lazy.compactMap { entry -> ReadAnswer? in
                if case .read(.lease(let view), _) = entry.outcome { .lease(view) } else { nil }
            }.first
        },
    ]
}

extension LeaseView {
    func with(
        id: ReservationID? = nil, state: State? = nil, createdLSN: LSN? = nil,
        deadline: Slot?? = nil, releasedLSN: LSN?? = nil, retireAfter: Slot?? = nil
    ) -> LeaseView {
        LeaseView(
            reservationID: id ?? reservationID, holder: holder, state: state ?? self.state,
            epoch: epoch, createdLSN: createdLSN ?? self.createdLSN,
            deadline: deadline ?? self.deadline, releasedLSN: releasedLSN ?? self.releasedLSN,
            retireAfter: retireAfter ?? self.retireAfter, members: members)
    }
}

extension ResourceView {
    func with(
        id: ResourceID? = nil, state: State? = nil, reservation: ReservationID?? = nil,
        version: UInt64? = nil
    ) -> ResourceView {
        ResourceView(
            resourceID: id ?? resourceID, state: state ?? self.state,
            currentReservation: reservation ?? currentReservation, version: version ?? self.version)
    }
}
