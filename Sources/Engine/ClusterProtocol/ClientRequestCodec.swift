import LeaseKernel

/// The bytes of requests (wire-api.md 2). There is exactly one encoding per value.
extension ClientRequest {
    private enum Tag: UInt8 {
        case submit = 1
        case getResource
        case getLease
        case getMetrics
        case tickExpirations
    }

    /// Decodes a whole request; bytes after its last field are an error.
    public init(decoding bytes: [UInt8]) throws(ClientCodecError) {
        var reader = ClientFieldReader(bytes)
        let tag: UInt8 = try reader.integer()
        switch Tag(rawValue: tag) {
        case .submit:
            self = .submit(slot: try reader.identifier(), payload: try reader.byteString())
        case .getResource:
            let fence: LSN? = try reader.optional()
            self = .getResource(try reader.identifier(), requiredLSN: fence)
        case .getLease:
            let fence: LSN? = try reader.optional()
            let slot: Slot = try reader.identifier()
            self = .getLease(try reader.identifier(), requiredLSN: fence, currentSlot: slot)
        case .getMetrics:
            self = .getMetrics(currentSlot: try reader.identifier())
        case .tickExpirations:
            self = .tickExpirations(currentSlot: try reader.identifier())
        case nil:
            throw .invalidRequestTag(tag)
        }
        try reader.requireEnd()
    }

    /// The bytes of this request; fails with `lengthTooLarge` for a payload beyond 2^32-1 bytes.
    public func encoded() throws(ClientCodecError) -> [UInt8] {
        switch self {
        case .submit(let slot, let payload):
            var writer = ClientFieldWriter(
                tag: Tag.submit.rawValue, reservingCapacity: 13 + payload.count)
            writer.write(slot)
            try writer.write(count: payload.count)
            writer.write(bytes: payload)
            return writer.bytes
        case .getResource(let resource, let fence):
            var writer = ClientFieldWriter(tag: Tag.getResource.rawValue)
            writer.write(optional: fence)
            writer.write(resource)
            return writer.bytes
        case .getLease(let lease, let fence, let slot):
            var writer = ClientFieldWriter(tag: Tag.getLease.rawValue)
            writer.write(optional: fence)
            writer.write(slot)
            writer.write(lease)
            return writer.bytes
        case .getMetrics(let slot):
            var writer = ClientFieldWriter(tag: Tag.getMetrics.rawValue)
            writer.write(slot)
            return writer.bytes
        case .tickExpirations(let slot):
            var writer = ClientFieldWriter(tag: Tag.tickExpirations.rawValue)
            writer.write(slot)
            return writer.bytes
        }
    }
}
