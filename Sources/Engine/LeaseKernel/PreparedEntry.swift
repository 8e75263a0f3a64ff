/// One entry that is durable but not yet applied: its place in the log and the encoded command
/// exactly as it was received (replica.md 4).
public struct PreparedEntry: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable {
        /// The payload is an encoded client request: operation id, client id, command.
        case client = 1
        /// The payload is an encoded command only, in practice always an expire command.
        case `internal` = 2
    }

    public let kind: Kind
    public let view: View
    public let lsn: LSN
    public let requestSlot: Slot
    public let payload: [UInt8]

    public init(kind: Kind, view: View, lsn: LSN, requestSlot: Slot, payload: [UInt8]) {
        self.kind = kind
        self.view = view
        self.lsn = lsn
        self.requestSlot = requestSlot
        self.payload = payload
    }

    /// The same entry as another view carries it.
    public func adopted(by view: View) -> PreparedEntry {
        PreparedEntry(
            kind: kind, view: view, lsn: lsn, requestSlot: requestSlot, payload: payload)
    }
}
