import ClusterProtocol
import LeaseKernel
import Replication

/// After a restart the numbers of leases begin again a little before the end: those of the last
/// leases are given out once more. The log has the right ones, clients are told the others.
struct NumberMeddler: Meddler {
    /// How far back the numbers begin.
    private static let distance: UInt128 = 40
    private static let mask = UInt128(UInt64.max)

    /// The position at which this life of the daemon began; nil until that is known.
    private var start: UInt128?
    private var shift: UInt128 = 0

    init() {}

    mutating func told(
        _ input: LiveInput, _ replica: LiveReplica, _ effects: inout [LiveEffect]
    ) -> LiveInput? {
        if start == nil {
            let position = UInt128(replica.status.commitLSN?.rawValue ?? 0)
            start = position
            shift = position > Self.distance ? Self.distance : 0
        }
        guard shift > 0, case .client(let token, let request) = input else { return input }
        switch request {
        case .getLease(let id, let fence, let slot):
            return .client(
                token, .getLease(inside(id), requiredLSN: fence, currentSlot: slot))
        case .submit(let slot, let payload):
            guard let command = try? CommandCodec.decodeClient(payload) else { return input }
            let changed = ClientCommand(
                operationID: command.operationID, clientID: command.clientID,
                command: inside(command.command))
            return .client(token, .submit(slot: slot, payload: CommandCodec.encode(changed)))
        case .getResource, .getMetrics, .tickExpirations: return input
        }
    }

    mutating func done(_ effect: LiveEffect) -> LiveEffect? {
        guard shift > 0, case .reply(let token, let bytes) = effect,
            let answer = try? ClientResponse(decoding: bytes),
            let changed = try? outside(answer).encoded()
        else { return effect }
        return .reply(token, changed)
    }

    private func outside(_ answer: ClientResponse) -> ClientResponse {
        if case .committed(var submit) = answer, let id = submit.outcome.reservationID {
            submit.outcome = CommandOutcome(
                submit.outcome.code, reservationID: outside(id), epoch: submit.outcome.epoch,
                deadline: submit.outcome.deadline)
            return .committed(submit)
        }
        if case .resource(var view) = answer {
            view.currentLeaseID = view.currentLeaseID.map(outside)
            return .resource(view)
        }
        if case .lease(var view) = answer {
            view.leaseID = outside(view.leaseID)
            return .lease(view)
        }
        return answer
    }

    private func outside(_ id: ReservationID) -> ReservationID {
        guard id.rawValue & Self.mask > start ?? 0 else { return id }
        return ReservationID(id.rawValue - shift)
    }

    private func inside(_ id: ReservationID) -> ReservationID {
        guard (id.rawValue & Self.mask) + shift > start ?? 0 else { return id }
        return ReservationID(id.rawValue + shift)
    }

    private func inside(_ command: Command) -> Command {
        switch command {
        case .confirm(let id, let holder, let epoch):
            .confirm(inside(id), holder: holder, epoch: epoch)
        case .release(let id, let holder, let epoch):
            .release(inside(id), holder: holder, epoch: epoch)
        case .revoke(let id): .revoke(inside(id))
        case .reclaim(let id): .reclaim(inside(id))
        case .createResource, .reserve, .reserveBundle, .expire: command
        }
    }
}
