import ClusterProtocol
import History
import LeaseKernel

/// The one place where an operation of the record becomes bytes on the wire. The two sides have
/// types of their own on purpose; here, and in `AnswerClassifier`, they meet.
enum WireRequest {
    /// The bytes of one request; a repetition made from equal values has equal bytes.
    ///
    /// `clientID` is carried in commands and compared with nothing (lease-kernel.md 7).
    static func bytes(
        _ operation: History.Operation, operationID: History.OperationID?, slot: History.Slot,
        clientID: UInt128
    ) throws(ClientCodecError) -> [UInt8] {
        try request(
            operation, operationID: operationID, slot: LeaseKernel.Slot(slot.rawValue),
            clientID: LeaseKernel.ClientID(clientID)
        ).encoded()
    }

    private static func request(
        _ operation: History.Operation, operationID: History.OperationID?,
        slot: LeaseKernel.Slot, clientID: LeaseKernel.ClientID
    ) -> ClientRequest {
        func submit(_ command: Command) -> ClientRequest {
            let id = LeaseKernel.OperationID(operationID?.rawValue ?? 0)
            return .submit(
                slot: slot,
                payload: CommandCodec.encode(
                    ClientCommand(operationID: id, clientID: clientID, command: command)))
        }

        switch operation {
        case .getResource(let resource, let fence):
            return .getResource(
                LeaseKernel.ResourceID(resource.rawValue),
                requiredLSN: fence.map { LeaseKernel.LSN($0.rawValue) })
        case .getReservation(let reservation, let fence):
            return .getLease(
                LeaseKernel.ReservationID(reservation.rawValue),
                requiredLSN: fence.map { LeaseKernel.LSN($0.rawValue) }, currentSlot: slot)
        case .tickExpirations: return .tickExpirations(currentSlot: slot)
        case .createResource(let resource):
            return submit(.createResource(LeaseKernel.ResourceID(resource.rawValue)))
        case .reserve(let resource, let holder, let ttl):
            return submit(
                .reserve(
                    LeaseKernel.ResourceID(resource.rawValue),
                    holder: LeaseKernel.HolderID(holder.rawValue), ttlSlots: ttl.rawValue))
        case .reserveBundle(let resources, let holder, let ttl):
            return submit(
                .reserveBundle(
                    resources.map { LeaseKernel.ResourceID($0.rawValue) },
                    holder: LeaseKernel.HolderID(holder.rawValue), ttlSlots: ttl.rawValue))
        case .confirm(let reservation, let holder, let epoch):
            return submit(
                .confirm(
                    LeaseKernel.ReservationID(reservation.rawValue),
                    holder: LeaseKernel.HolderID(holder.rawValue),
                    epoch: LeaseKernel.LeaseEpoch(epoch.rawValue)))
        case .release(let reservation, let holder, let epoch):
            return submit(
                .release(
                    LeaseKernel.ReservationID(reservation.rawValue),
                    holder: LeaseKernel.HolderID(holder.rawValue),
                    epoch: LeaseKernel.LeaseEpoch(epoch.rawValue)))
        case .revoke(let reservation):
            return submit(.revoke(LeaseKernel.ReservationID(reservation.rawValue)))
        case .reclaim(let reservation):
            return submit(.reclaim(LeaseKernel.ReservationID(reservation.rawValue)))
        }
    }
}
