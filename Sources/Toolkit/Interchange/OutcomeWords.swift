import History

/// The names under which outcomes and states stand in the maps, and in words for people.
extension Outcome {
    var word: String {
        switch self {
        case .committed: "committed"
        case .refused: "refused"
        case .ticked: "ticked"
        case .read: "read"
        case .failed: "failed"
        case .ambiguous: "ambiguous"
        }
    }

    /// Why it is not ok; nil when it is.
    var reason: String? {
        switch self {
        case .committed, .ticked, .read: nil
        case .refused(_, let code, _): code.name
        case .failed(let failure): failure.word
        case .ambiguous(let ambiguity): ambiguity.word
        }
    }
}

extension DefiniteFailure {
    var word: String {
        switch self {
        case .notPrimary: "not_primary"
        case .fenceNotApplied: "fence_not_applied"
        case .engineHalted: "engine_halted"
        case .invalidRequest: "invalid_request"
        case .slotOverflow: "slot_overflow"
        case .commandTooLarge: "command_too_large"
        case .lsnExhausted: "lsn_exhausted"
        case .overloaded: "overloaded"
        case .isolated: "isolated"
        case .replicaFaulted: "replica_faulted"
        case .connectionRefused: "connection_refused"
        }
    }
}

extension Ambiguity {
    var word: String {
        switch self {
        case .timeout: "timeout"
        case .transportLoss: "transport_loss"
        case .indefiniteWrite: "indefinite_write"
        case .unintelligibleAnswer: "unintelligible_answer"
        case .interrupted: "interrupted"
        }
    }
}

extension ReadAnswer {
    var word: String {
        switch self {
        case .resource: "resource"
        case .lease: "lease"
        case .notFound: "not_found"
        case .retired: "retired"
        }
    }
}

extension ResourceView.State {
    var word: String {
        switch self {
        case .available: "available"
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .revoking: "revoking"
        }
    }
}

extension LeaseView.State {
    var word: String {
        switch self {
        case .reserved: "reserved"
        case .confirmed: "confirmed"
        case .released: "released"
        case .expired: "expired"
        case .revoking: "revoking"
        case .revoked: "revoked"
        }
    }
}
