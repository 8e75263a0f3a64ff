import Checking
import History

/// One field of one answer to a command is not what it was.
extension CorruptionOperator {
    static let answerFields: [CorruptionOperator] = grantFields + otherFields + places

    private static let grantFields: [CorruptionOperator] = [
        .init("lengthen a lease by one slot", .grantValues) { editor, random in
            editor.changeGrant(&random) { $0.with(deadline: $0.deadline.map { $0.moved(1) }) }
        },
        .init("leave the deadline out of a grant", .grantValues) { editor, random in
            editor.changeGrant(&random) {
                CommitResult(reservationID: $0.reservationID, epoch: $0.epoch)
            }
        },
        .init("leave the epoch out of a grant", .grantValues) { editor, random in
            editor.changeGrant(&random) {
                CommitResult(reservationID: $0.reservationID, deadline: $0.deadline)
            }
        },
        .init("leave the reservation out of a grant", .grantValues) { editor, random in
            editor.changeGrant(&random) {
                CommitResult(epoch: $0.epoch, deadline: $0.deadline)
            }
        },
        .init("answer a grant as if nothing was granted", .grantValues) { editor, random in
            editor.changeGrant(&random) { _ in .empty }
        },
        .init("let a grant start at epoch 0", .grantValues) { editor, random in
            editor.changeGrant(&random) { $0.with(epoch: LeaseEpoch(0)) }
        },
        .init("give a grant an id of another shard", .grantValues) { editor, random in
            editor.changeGrant(&random) {
                $0.with(id: $0.reservationID.map { ReservationID($0.rawValue | 1 << 64) })
            }
        },
        .init("give a grant the id of an earlier one", .grantValues) { editor, random in
            let earlier = editor.entries.compactMap { $0.outcome?.grantedID }.min()
            return editor.changeGrant(&random) {
                earlier.map { $0.rawValue }.map(ReservationID.init) == $0.reservationID
                    ? $0.with(id: ReservationID(0)) : $0.with(id: earlier)
            }
        },
    ]

    private static let otherFields: [CorruptionOperator] = [
        .init("answer a plain command with a deadline", .grantValues) { editor, random in
            editor.changePlainAnswer(&random, to: CommitResult(deadline: Slot(3)))
        },
        .init("answer a plain command with an epoch", .grantValues) { editor, random in
            editor.changePlainAnswer(&random, to: CommitResult(epoch: LeaseEpoch(1)))
        },
        .init("answer a retry as refused that was acknowledged", .retries) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()),
                case .committed(let lsn, _, _) = editor.entries[index].outcome
            else { return false }
            editor.repeatAtEnd(index, answered: .refused(lsn, .invalidState, fromRetryCache: true))
            return true
        },
        .init("answer a retry as acknowledged that was refused", .retries) { editor, random in
            let refused = editor.refusals(.resourceBusy, .invalidState, .staleEpoch)
            guard let index = random.maybePick(refused),
                case .refused(let lsn, _, _) = editor.entries[index].outcome
            else { return false }
            editor.repeatAtEnd(index, answered: .committed(lsn, .empty, fromRetryCache: true))
            return true
        },
        .init("change the reason of a refusal", .falseRefusals.or(.holding)) { editor, random in
            let codes: [RefusalCode] = [
                .resourceBusy, .invalidState, .holderMismatch, .staleEpoch, .resourceNotFound,
                .reservationNotFound, .reservationRetired, .alreadyExists,
            ]
            let refused = editor.entries.indices.filter {
                if case .refused(_, let code, false) = editor.entries[$0].outcome {
                    codes.contains(code)
                } else {
                    false
                }
            }
            guard let index = random.maybePick(refused),
                case .refused(let lsn, let code, _) = editor.entries[index].outcome
            else { return false }
            editor.setRefusal(random.pick(codes.filter { $0 != code }), at: lsn)
            return true
        },
        .init("name another command's LSN in a conflict", [.falseConflict]) { editor, random in
            editor.changeConflict(&random) { LSN(max(1, $0.rawValue / 2) + 1) }
        },
        .init("refuse a new command as a conflict", [.falseConflict]) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()),
                case .committed(let lsn, _, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .refused(lsn, .operationConflict, fromRetryCache: true)
            return true
        },
    ]

    private static let places: [CorruptionOperator] = [
        .init(
            "move a command behind the whole log",
            .places.or(.grantValues).or(.effects).or(.falseRefusals)
        ) { editor, random in
            guard let index = random.maybePick(editor.soleCommits().dropLast(5)),
                case .committed(_, let result, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .committed(
                LSN(editor.lastLSN + 1), result, fromRetryCache: false)
            return true
        },
        .init("name LSN 0", .places.or(.grantValues)) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()),
                case .committed(_, let result, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .committed(LSN(0), result, fromRetryCache: false)
            return true
        },
        .init("name an LSN that no log has", .places.or(.effects)) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()),
                case .committed(_, let result, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .committed(
                LSN(1_000_000_000_000), result, fromRetryCache: false)
            return true
        },
        .init(
            "swap the LSNs of two neighbours",
            .places.or(.grantValues).or(.falseRefusals).or(.holding).or(.allocation)
                .or(.reads).or(.effects)
        ) { editor, random in
            let commits = editor.soleCommits { !$0.invocation.operation.isGrant }
            let pairs = commits.compactMap { first -> (Int, Int)? in
                guard case .committed(let lsn, _, _) = editor.entries[first].outcome,
                    let second = commits.first(where: {
                        editor.entries[$0].outcome?.committedLSN?.rawValue == lsn.rawValue + 1
                    })
                else { return nil }
                return (first, second)
            }
            guard let (first, second) = random.maybePick(pairs) else { return false }
            (editor.entries[first].outcome, editor.entries[second].outcome) = (
                editor.entries[second].outcome, editor.entries[first].outcome
            )
            return true
        },
    ]
}

extension CommitResult {
    func with(
        id: ReservationID?? = nil, epoch: LeaseEpoch? = nil, deadline: Slot?? = nil
    ) -> CommitResult {
        CommitResult(
            reservationID: id ?? reservationID, epoch: epoch ?? self.epoch,
            deadline: deadline ?? self.deadline)
    }
}

extension Slot {
    func moved(_ count: UInt64) -> Slot { Slot(rawValue + count) }
}

extension Outcome {
    var committedLSN: LSN? { if case .committed(let lsn, _, _) = self { lsn } else { nil } }
    var grantedID: ReservationID? {
        if case .committed(_, let result, _) = self { result.reservationID } else { nil }
    }
}

extension RecordEditor {
    mutating func changePlainAnswer(
        _ random: inout SeededRandom, to result: CommitResult
    ) -> Bool {
        guard
            let index = random.maybePick(soleCommits { !$0.invocation.operation.isGrant }),
            case .committed(let lsn, _, _) = entries[index].outcome
        else { return false }
        entries[index].outcome = .committed(lsn, result, fromRetryCache: false)
        return true
    }

    mutating func changeConflict(_ random: inout SeededRandom, _ change: (LSN) -> LSN) -> Bool {
        let conflicts = entries.indices.filter {
            if case .refused(_, .operationConflict, true) = entries[$0].outcome {
                true
            } else {
                false
            }
        }
        guard let index = random.maybePick(conflicts),
            case .refused(let lsn, let code, _) = entries[index].outcome
        else { return false }
        let other = change(lsn)
        // Only where some other command is known to stand there.
        guard other != lsn, entries.contains(where: { $0.outcome?.committedLSN == other })
        else { return false }
        entries[index].outcome = .refused(other, code, fromRetryCache: true)
        return true
    }
}
