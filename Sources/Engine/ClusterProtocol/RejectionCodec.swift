import LeaseKernel

/// The body of a rejected submit or tick (wire-api.md 3.2).
extension Rejection {
    private enum CodeTag: UInt8 {
        case engineHalted = 1
        case invalidRequest
        case slotOverflow
        case commandTooLarge
        case lsnExhausted
        case overloaded
        case storageFailure
    }

    init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        category = try reader.discriminant(.submissionErrorCategory) { Category(rawValue: $0) }
        switch try reader.discriminant(.submissionFailureCode, { CodeTag(rawValue: $0) }) {
        case .engineHalted: code = .engineHalted
        case .invalidRequest: code = .invalidRequest(try InvalidRequestReason(from: &reader))
        case .slotOverflow:
            let kind = try reader.discriminant(.slotOverflowKind) {
                SlotOverflowKind(rawValue: $0)
            }
            code = .slotOverflow(
                kind, requestSlot: try reader.identifier(), delta: try reader.integer())
        case .commandTooLarge:
            code = .commandTooLarge(
                encodedLength: try reader.integer(), maxCommandBytes: try reader.integer())
        case .lsnExhausted: code = .lsnExhausted(lastApplied: try reader.identifier())
        case .overloaded:
            code = .overloaded(
                queueDepth: try reader.integer(), queueCapacity: try reader.integer())
        case .storageFailure: code = .storageFailure
        }
    }

    func write(to writer: inout ClientFieldWriter) {
        writer.write(category.rawValue)
        writer.write(codeTag.rawValue)
        switch code {
        case .engineHalted, .storageFailure: break
        case .invalidRequest(let reason): reason.write(to: &writer)
        case .slotOverflow(let kind, let slot, let delta):
            writer.write(kind.rawValue)
            writer.write(slot)
            writer.write(delta)
        case .commandTooLarge(let length, let limit):
            writer.write(length)
            writer.write(limit)
        case .lsnExhausted(let last): writer.write(last)
        case .overloaded(let depth, let capacity):
            writer.write(depth)
            writer.write(capacity)
        }
    }

    private var codeTag: CodeTag {
        switch code {
        case .engineHalted: .engineHalted
        case .invalidRequest: .invalidRequest
        case .slotOverflow: .slotOverflow
        case .commandTooLarge: .commandTooLarge
        case .lsnExhausted: .lsnExhausted
        case .overloaded: .overloaded
        case .storageFailure: .storageFailure
        }
    }
}

extension Rejection.InvalidRequestReason {
    private enum Tag: UInt8 {
        case bufferTooShort = 1
        case invalidCommandTag
        case invalidLayout
    }

    fileprivate init(from reader: inout ClientFieldReader) throws(ClientCodecError) {
        switch try reader.discriminant(.invalidRequestReason, { Tag(rawValue: $0) }) {
        case .bufferTooShort: self = .bufferTooShort
        case .invalidCommandTag: self = .invalidCommandTag(try reader.integer())
        case .invalidLayout: self = .invalidLayout
        }
    }

    fileprivate func write(to writer: inout ClientFieldWriter) {
        switch self {
        case .bufferTooShort: writer.write(Tag.bufferTooShort.rawValue)
        case .invalidCommandTag(let tag):
            writer.write(Tag.invalidCommandTag.rawValue)
            writer.write(tag)
        case .invalidLayout: writer.write(Tag.invalidLayout.rawValue)
        }
    }
}
