public import LeaseEngine
public import LeaseKernel

/// Why a replica refused an operation or failed in it (replica.md 10).
public enum ReplicaNodeError: Error, Hashable, Sendable {
    case inactive(ReplicaStatus)
    case unsupportedNormalRole(ReplicaRole)
    case roleMismatch(expected: ReplicaRole, found: ReplicaRole)
    /// Reconstruction outside the roles backup and view_uncertain.
    case roleSetMismatch(found: ReplicaRole)
    case viewRegression(highestKnown: View, requested: View)
    case viewMismatch(expected: View, found: View)
    case prepareLSNExhausted(last: LSN)
    case prepareOrderMismatch(expected: LSN, found: LSN)
    case pendingPreparedEntries(count: Int)
    case preparedEntryConflict(LSN)
    case missingPreparedEntry(LSN)
    case preparedStorage(InputOutputFailure)
    case metadataFile(InputOutputFailure)
    /// The engine refused the command or failed in it.
    case submission(SubmissionError)
    /// The engine answered from the retry table instead of applying (weakness R8).
    case appliedLSNMismatch(expected: LSN, found: LSN)
    case checkpoint(CheckpointError)
}

extension ReplicaNodeError: DebugTextual {
    public var debugText: String {
        switch self {
        case .inactive(let status): "Inactive(\(status.debugText))"
        case .unsupportedNormalRole(let role): "UnsupportedNormalRole(\(role.debugText))"
        case .roleMismatch(let expected, let found):
            "RoleMismatch { expected: \(expected.debugText), found: \(found.debugText) }"
        case .roleSetMismatch(let found):
            "RoleSetMismatch { expected: \"backup or view_uncertain\", "
                + "found: \(found.debugText) }"
        case .viewRegression(let highestKnown, let requested):
            "ViewRegression { current_view: \(highestKnown.debugText), "
                + "requested_view: \(requested.debugText) }"
        case .viewMismatch(let expected, let found):
            "ViewMismatch { expected: \(expected.debugText), found: \(found.debugText) }"
        case .prepareLSNExhausted(let last):
            "PrepareLsnExhausted { last_lsn: \(last.debugText) }"
        case .prepareOrderMismatch(let expected, let found):
            "PrepareOrderMismatch { expected_lsn: \(expected.debugText), "
                + "found_lsn: \(found.debugText) }"
        case .pendingPreparedEntries(let count): "PendingPreparedEntries { count: \(count) }"
        case .preparedEntryConflict(let lsn): "PreparedEntryConflict { lsn: \(lsn.debugText) }"
        case .missingPreparedEntry(let lsn): "MissingPreparedEntry { lsn: \(lsn.debugText) }"
        case .preparedStorage(let failure): "PrepareStorage(\(failure.kind))"
        case .metadataFile(let failure): "MetadataFile(Io(\(failure.debugText)))"
        case .submission(let error): "Submission(\(error.debugText))"
        case .checkpoint(let error): "Checkpoint(\(error.debugText))"
        case .appliedLSNMismatch(let expected, let found):
            "AppliedLsnMismatch { expected: \(expected.debugText), found: \(found.debugText) }"
        }
    }
}

/// Why a replica does not even come up as faulted: its files need a person (replica.md 6).
public enum NodeStartError: Error, Hashable, Sendable {
    /// Starting an empty engine failed.
    case opening(RecoveryError)
    case recovery(RecoveryError)
    /// The first metadata could not be written.
    case metadataFile(InputOutputFailure)
}

extension NodeStartError: DebugTextual {
    public var debugText: String {
        switch self {
        case .opening(let error): "Engine(\(error.debugText))"
        case .recovery(let error): "Recovery(\(Self.recoveryText(error)))"
        case .metadataFile(let failure): "MetadataFile(Io(\(failure.debugText)))"
        }
    }

    /// The reference reports the engine's own bounds from another layer than the rest.
    private static func recoveryText(_ error: RecoveryError) -> String {
        switch error {
        case .engineConfiguration: "EngineOpen(\(error.debugText))"
        case .walFile, .snapshotFile, .snapshotDecoding, .snapshotRestore, .configuration,
            .commandCodec, .replay, .nextLSNExhausted, .crashInjected:
            "Recovery(\(error.debugText))"
        }
    }
}
