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
            let request: ClientCommand
            do throws(CommandDecodingError) {
                request = try CommandCodec.decodeClient(entry.payload)
            } catch {
                throw .undecodable(error)
            }
            do throws(KernelError) {
                let applied = try apply(request, lsn: entry.lsn, requestSlot: entry.requestSlot)
                return ExecutedEntry(applied, operationID: request.operationID)
            } catch {
                throw .kernel(error)
            }
        case .internal:
            let command: Command
            do throws(CommandDecodingError) {
                command = try CommandCodec.decodeInternal(entry.payload)
            } catch {
                throw .undecodable(error)
            }
            do throws(KernelError) {
                return ExecutedEntry(
                    try applyInternal(command, lsn: entry.lsn, requestSlot: entry.requestSlot))
            } catch {
                throw .kernel(error)
            }
        }
    }
}
