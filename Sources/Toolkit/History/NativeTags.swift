/// The numbers that stand for cases in the native record. They are part of the format: a case
/// may be added with a new number, none may change.
extension Operation.Kind {
    var tag: UInt8 {
        switch self {
        case .createResource: 1
        case .reserve: 2
        case .reserveBundle: 3
        case .confirm: 4
        case .release: 5
        case .revoke: 6
        case .reclaim: 7
        case .tickExpirations: 8
        case .getResource: 9
        case .getReservation: 10
        }
    }

    init?(tag: UInt8) {
        guard let kind = Self.allCases.first(where: { $0.tag == tag }) else { return nil }
        self = kind
    }
}

extension ReplicaRole {
    var tag: UInt8 {
        switch self {
        case .primary: 1
        case .backup: 2
        case .viewUncertain: 3
        case .recovering: 4
        case .faulted: 5
        }
    }

    init?(tag: UInt64) {
        guard let role = Self.allCases.first(where: { UInt64($0.tag) == tag }) else { return nil }
        self = role
    }
}

extension Outcome {
    var tag: UInt8 {
        switch self {
        case .committed: 1
        case .refused: 2
        case .ticked: 3
        case .read: 4
        case .failed: 5
        case .ambiguous: 6
        }
    }
}

extension ReadAnswer {
    var tag: UInt8 {
        switch self {
        case .resource: 1
        case .lease: 2
        case .notFound: 3
        case .retired: 4
        }
    }
}

extension DefiniteFailure {
    var tag: UInt8 {
        switch self {
        case .notPrimary: 1
        case .fenceNotApplied: 2
        case .engineHalted: 3
        case .invalidRequest: 4
        case .slotOverflow: 5
        case .commandTooLarge: 6
        case .lsnExhausted: 7
        case .overloaded: 8
        case .isolated: 9
        case .replicaFaulted: 10
        case .connectionRefused: 11
        }
    }
}
