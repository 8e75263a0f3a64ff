public import LeaseKernel

/// What a committed entry came to.
public struct ExecutedEntry: Hashable, Sendable {
    public var applied: AppliedCommand
    /// The client operation that it was; nil for the engine's own commands.
    public var operationID: OperationID?

    public init(_ applied: AppliedCommand, operationID: OperationID? = nil) {
        self.applied = applied
        self.operationID = operationID
    }
}

/// Why a committed entry cannot be applied: the log holds what no correct primary sends.
public enum EntryFailure: Error, Hashable, Sendable {
    case undecodable(CommandDecodingError)
    case kernel(KernelError)
}

extension Kernel {
    /// Applies a committed entry by the allocator's rules; without any change when it throws.
    public mutating func carryOut(
        _ entry: PreparedEntry
    ) throws(EntryFailure) -> ExecutedEntry {
        switch entry.kind {
        case .client:
            let request = try entry.decoded(by: CommandCodec.decodeClient)
            return try executed(as: request.operationID) { kernel throws(KernelError) in
                try kernel.apply(request, lsn: entry.lsn, requestSlot: entry.requestSlot)
            }
        case .internal:
            let command = try entry.decoded(by: CommandCodec.decodeInternal)
            return try executed { kernel throws(KernelError) in
                try kernel.applyInternal(command, lsn: entry.lsn, requestSlot: entry.requestSlot)
            }
        }
    }

    private mutating func executed(
        as id: OperationID? = nil, _ apply: (inout Kernel) throws(KernelError) -> AppliedCommand
    ) throws(EntryFailure) -> ExecutedEntry {
        do {
            return ExecutedEntry(try apply(&self), operationID: id)
        } catch {
            throw .kernel(error)
        }
    }
}

extension PreparedEntry {
    fileprivate func decoded<Request>(
        by decode: ([UInt8]) throws(CommandDecodingError) -> Request
    ) throws(EntryFailure) -> Request {
        do {
            return try decode(payload)
        } catch {
            throw .undecodable(error)
        }
    }
}
