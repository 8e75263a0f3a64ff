public import LeaseKernel

/// A submit or a tick that was refused (wire-api.md 3.2).
public struct Rejection: Hashable, Sendable {
    /// Whether the request may have had an effect after all (wire-api.md 5).
    public enum Category: UInt8, CaseIterable, Sendable {
        case definiteFailure = 1
        case indefinite
    }

    public enum InvalidRequestReason: Hashable, Sendable {
        case bufferTooShort
        case invalidCommandTag(UInt8)
        case invalidLayout
    }

    public enum SlotOverflowKind: UInt8, CaseIterable, Sendable {
        case operationWindow = 1
        case deadline
        case reservationHistory
    }

    public enum Code: Hashable, Sendable {
        case engineHalted
        case invalidRequest(InvalidRequestReason)
        /// `delta` is what would have been added to the request slot.
        case slotOverflow(SlotOverflowKind, requestSlot: Slot, delta: UInt64)
        case commandTooLarge(encodedLength: UInt64, maxCommandBytes: UInt64)
        case lsnExhausted(lastApplied: LSN)
        case overloaded(queueDepth: UInt32, queueCapacity: UInt32)
        case storageFailure

        /// The category a server sends with this code (wire-api.md 5). The codec does not
        /// enforce it.
        public var category: Category {
            switch self {
            case .engineHalted, .storageFailure: .indefinite
            case .invalidRequest, .slotOverflow, .commandTooLarge, .lsnExhausted, .overloaded:
                .definiteFailure
            }
        }
    }

    public var category: Category
    public var code: Code

    /// A rejection with the category that belongs to its code.
    public init(_ code: Code) {
        self.init(category: code.category, code: code)
    }

    public init(category: Category, code: Code) {
        self.category = category
        self.code = code
    }
}
