import Checking
import History

/// What must be refused is accepted, and what must be accepted is refused.
extension CorruptionOperator {
    static let acceptances: [CorruptionOperator] = accepted + refused + limits

    private static func accepts(
        _ name: String, _ code: RefusalCode, _ expected: Set<FindingCode>
    ) -> CorruptionOperator {
        .init(name, expected) { editor, random in editor.accept(&random, refusedFor: code) }
    }

    private static let unfounded = Set<FindingCode>.allocation.or(.grantValues).or(.holding)
        .or([.lostWrite, .partialGrant]).or(.reads)

    private static let accepted: [CorruptionOperator] = [
        accepts("grant a lease that is too long or too short", .ttlOutOfRange, unfounded),
        accepts("grant a bundle that is too large", .bundleTooLarge, unfounded),
        accepts("grant a resource that does not exist", .resourceNotFound, unfounded),
        accepts("accept a command on a lease that is not there", .reservationNotFound, unfounded),
        accepts("create what exists", .alreadyExists, unfounded),
        accepts("create beyond the table", .resourceTableFull, unfounded),
        accepts("grant beyond the table of leases", .reservationTableFull, unfounded),
        accepts("grant beyond a bucket of deadlines", .expirationIndexFull, unfounded),
        accepts("execute beyond the table of operations", .operationTableFull, unfounded),
        .init("steal a bundle member", unfounded) { editor, random in
            let shared = editor.entries.compactMap { entry -> [ResourceID]? in
                guard entry.outcome?.isCommitted == true else { return nil }
                let members = entry.invocation.operation.members
                return members.count > 1 ? members : nil
            }.flatMap { $0 }
            return editor.accept(&random, refusedFor: .resourceBusy) { editor, index in
                editor.entries[index].invocation.operation.members.contains(where: shared.contains)
            }
        },
    ]

    private static func refuses(
        _ name: String, as code: RefusalCode,
        _ isMeant: @escaping @Sendable (History.Operation) -> Bool
    ) -> CorruptionOperator {
        let expected = Set<FindingCode>.falseRefusals.or(.holding).or(.effects).or(.reads)
        return .init(name, expected) { editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits { isMeant($0.invocation.operation) }),
                case .committed(let lsn, _, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .refused(lsn, code, fromRetryCache: false)
            return true
        }
    }

    private static let refused: [CorruptionOperator] = [
        refuses("refuse a confirm as stale", as: .staleEpoch) { $0.kind == .confirm },
        refuses("refuse a confirm as out of order", as: .invalidState) { $0.kind == .confirm },
        refuses("take a holder for a stranger", as: .holderMismatch) { $0.kind == .release },
        refuses("forget a lease", as: .reservationNotFound) { $0.kind == .release },
        refuses("take a live lease for retired", as: .reservationRetired) { $0.kind == .revoke },
        refuses("refuse a reclaim after a revoke", as: .invalidState) { $0.kind == .reclaim },
        refuses("take a new resource for an old one", as: .alreadyExists) {
            $0.kind == .createResource
        },
        refuses("take a table for full", as: .reservationTableFull) { $0.isGrant },
        refuses("take a bucket for full", as: .expirationIndexFull) { $0.isGrant },
        refuses("take the operation table for full", as: .operationTableFull) { $0.carriesID },
        refuses("refuse half a bundle", as: .resourceNotFound) { $0.members.count > 1 },
    ]

    /// Nothing in the record changes but what the cluster was said to hold.
    private static func limit(
        _ name: String, _ expected: Set<FindingCode>,
        _ change: @escaping @Sendable (inout ClusterLimits) -> Void
    ) -> CorruptionOperator {
        .init(name, expected) { editor, _ in
            change(&editor.header.limits)
            return true
        }
    }

    private static let limits: [CorruptionOperator] = [
        limit("create more than there is room for", unfounded) { $0.maxResources = 3 },
        limit(
            "hold more leases than there is room for",
            unfounded.or(.falseRefusals).or(.effects).or(.retries)
        ) {
            $0.maxReservations = 1
            $0.maxExpirationBucketLength = 1
        },
        limit(
            "remember leases for longer than was said",
            .reads.or(.falseRefusals).or(.holding)
                .or(.allocation).or(.grantValues).or(.effects).or(.places)
        ) { $0.reservationHistoryWindow = SlotCount($0.reservationHistoryWindow.rawValue + 1) },
    ]
}
