public import LeaseEngine
public import LeaseKernel

/// Whether a replica works at all (replica.md 5). A faulted one writes nothing and stays so
/// until its process ends; the next start judges the files again.
public enum ReplicaStatus: Hashable, Sendable {
    case active
    case faulted(FaultReason)
}

/// Why a replica refuses to work with the files it found (replica.md 6).
public enum FaultReason: Error, Hashable, Sendable {
    /// The stored role is faulted.
    case persistedFaultState
    case metadataLoad(FileLoadFailure<MetadataDecodeError>)
    case preparedLogLoad(FileLoadFailure<PreparedLogDecodeError>)
    case validation(ConsistencyViolation)
    /// What only the live replica finds.
    case native(NativeFault)
}

/// Why one of a replica's small files could not be read (replica.md 3.2, 4.2).
public enum FileLoadFailure<Undecodable: Error & Hashable>: Error, Hashable, Sendable {
    case inputOutput(InputOutputFailure)
    case tooLarge(length: UInt64, maximum: UInt64)
    case undecodable(Undecodable)
}

extension ReplicaStatus: DebugTextual {
    public var debugText: String {
        switch self {
        case .active: "Active"
        case .faulted(let reason): "Faulted(ReplicaFault { reason: \(reason.debugText) })"
        }
    }
}

extension FaultReason: DebugTextual {
    public var debugText: String {
        switch self {
        case .persistedFaultState: "PersistedFaultState"
        case .metadataLoad(let failure): "MetadataLoad(\(failure.debugText))"
        case .preparedLogLoad(let failure): "PrepareLogLoad(\(failure.debugText))"
        case .validation(let violation): "Validation(\(violation.debugText))"
        case .native(let fault): fault.debugText
        }
    }
}

extension FileLoadFailure: DebugTextual where Undecodable: DebugTextual {
    /// In a fault reason an input or output failure appears by its kind only.
    public var debugText: String {
        switch self {
        case .inputOutput(let failure): "Io(\(failure.kind))"
        case .tooLarge(let length, let maximum):
            "TooLarge { file_len: \(length), max_bytes: \(maximum) }"
        case .undecodable(let error): "Decode(\(error.debugText))"
        }
    }
}
