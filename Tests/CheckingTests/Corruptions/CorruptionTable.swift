import Checking
import History

extension CorruptionOperator {
    static let all: [CorruptionOperator] =
        answers + answerFields + acceptances + orders + courses + reads + views + expiries
        + records

    // MARK: - What commands were answered

    private static let answers: [CorruptionOperator] = [
        .init("execute a command a second time", [.duplicateExecution]) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()),
                case .committed(_, let result, _) = editor.entries[index].outcome,
                result.reservationID == nil
            else { return false }
            let slot = editor.entries.compactMap(\.invocation.slot).max()
            editor.repeatAtEnd(
                index, answered: .committed(LSN(editor.lastLSN + 1), .empty, fromRetryCache: false),
                slot: slot)
            let window = editor.header.limits.maxTTL.rawValue
            let age = (slot?.rawValue ?? 0) - (editor.entries[index].invocation.slot?.rawValue ?? 0)
            return age <= window
        },
        .init("change the answer of a retry", [.changedAnswer]) { editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits { $0.invocation.operation.isGrant }),
                case .committed(let lsn, let result, _) = editor.entries[index].outcome
            else { return false }
            let other = CommitResult(
                reservationID: result.reservationID, epoch: result.epoch,
                deadline: result.deadline.map { Slot($0.rawValue + 1) })
            editor.repeatAtEnd(index, answered: .committed(lsn, other, fromRetryCache: true))
            return true
        },
        .init("give a grant the reservation id of another LSN", [.wrongReservationID]) {
            editor, random in
            editor.changeGrant(&random) {
                CommitResult(
                    reservationID: $0.reservationID.map { ReservationID($0.rawValue + 1) },
                    epoch: $0.epoch, deadline: $0.deadline)
            }
        },
        .init("let a grant start at epoch 2", [.wrongFirstEpoch]) { editor, random in
            editor.changeGrant(&random) {
                CommitResult(
                    reservationID: $0.reservationID, epoch: LeaseEpoch(2), deadline: $0.deadline)
            }
        },
        .init("shorten a lease by one slot", [.wrongDeadline]) { editor, random in
            editor.changeGrant(&random) {
                CommitResult(
                    reservationID: $0.reservationID, epoch: $0.epoch,
                    deadline: $0.deadline.map { Slot($0.rawValue - 1) })
            }
        },
        .init("give an acknowledged confirm or release a lease", [.wrongResult, .changedAnswer]) {
            editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits { !$0.invocation.operation.isGrant }),
                case .committed(let lsn, _, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .committed(
                lsn, CommitResult(reservationID: ReservationID(3), epoch: LeaseEpoch(1)),
                fromRetryCache: false)
            return true
        },
        .init(
            "grant a held resource",
            [
                .doubleAllocation, .stolenMember, .earlyReuse, .illegalTransition, .earlyExpiry,
                .activeLeaseExpired, .wrongRead,
            ]
        ) { editor, random in
            editor.accept(&random, refusedFor: .resourceBusy)
        },
        .init(
            "accept an outdated epoch",
            [
                .staleHolderAccepted, .endedLeaseAccepted, .illegalTransition,
                .futureEpochAccepted,
            ]
        ) {
            editor, random in
            // Only where an acknowledged command moved the epoch: an expiry that nobody was told
            // of may have been another one.
            editor.accept(&random, refusedFor: .staleEpoch) { editor, stale in
                editor.entries.contains {
                    guard
                        $0.invocation.operation.reservation
                            == editor.entries[stale].invocation.operation.reservation,
                        $0.outcome?.isCommitted == true,
                        $0.answeredAt < editor.entries[stale].invokedAt
                    else { return false }
                    return switch $0.invocation.operation {
                    case .release, .revoke: true
                    default: false
                    }
                }
            }
        },
        .init("accept a stranger", [.wrongHolderAccepted]) { editor, random in
            editor.accept(&random, refusedFor: .holderMismatch)
        },
        .init(
            "skip a step of the life cycle",
            [
                .illegalTransition, .endedLeaseAccepted, .reclaimWithoutRevoke,
                .releaseWhileRevoking,
            ]
        ) {
            editor, random in editor.accept(&random, refusedFor: .invalidState)
        },
        .init(
            "command an ended lease",
            [
                .illegalTransition, .endedLeaseAccepted, .reclaimWithoutRevoke,
                .releaseWhileRevoking,
            ]
        ) { editor, random in editor.accept(&random, refusedFor: .reservationRetired) },
        .init(
            "refuse a free resource",
            [
                .falseRefusal, .wrongRead, .staleHolderAccepted, .partialRelease,
                .illegalTransition, .freedEarly, .unexplainedEffect, .failureApplied,
                .inventedState,
            ]
        ) { editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits { $0.invocation.operation.isGrant }),
                case .committed(let lsn, _, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .refused(lsn, .resourceBusy, fromRetryCache: false)
            return true
        },
        .init("forget a resource", [.lostWrite]) { editor, random in
            guard let index = random.maybePick(editor.refusals(.resourceBusy)),
                case .refused(let lsn, _, _) = editor.entries[index].outcome,
                Set(editor.entries[index].invocation.operation.members).count
                    == editor.entries[index].invocation.operation.members.count
            else { return false }
            editor.setRefusal(.resourceNotFound, at: lsn)
            return true
        },
        .init("create a resource twice", [.lostWrite]) { editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits {
                        if case .createResource = $0.invocation.operation { true } else { false }
                    })
            else { return false }
            let number = (editor.entries.map(\.invocation.attempt.rawValue).max() ?? 0) + 1
            let slot = editor.entries.compactMap(\.invocation.slot).max()
            let end = editor.end
            editor.entries.append(
                .init(
                    invocation: Invocation(
                        attempt: AttemptNumber(number), operationID: OperationID(999_999),
                        operation: editor.entries[index].invocation.operation, slot: slot,
                        endpoint: ReplicaID(1)),
                    invokedAt: RunInstant(end + 10), process: ProcessID(9),
                    outcome: .committed(LSN(editor.lastLSN + 1), .empty, fromRetryCache: false),
                    answeredAt: RunInstant(end + 20)))
            return true
        },
        .init("accept another command under a used id", [.conflictAccepted, .lostWrite]) {
            editor, random in
            guard
                let index = random.maybePick(
                    editor.entries.indices.filter {
                        if case .refused(_, .operationConflict, _) = editor.entries[$0].outcome {
                            true
                        } else {
                            false
                        }
                    })
            else { return false }
            editor.entries[index].outcome = .refused(
                LSN(editor.lastLSN + 1), .resourceBusy, fromRetryCache: false)
            // It was the last thing to happen, so that only the conflict is wrong.
            let end = editor.end
            editor.entries[index].invokedAt = RunInstant(end + 10)
            editor.entries[index].answeredAt = RunInstant(end + 20)
            editor.setSlot(
                editor.entries.compactMap(\.invocation.slot).max() ?? Slot(0), at: index)
            let id = editor.entries[index].invocation.operationID
            let first = editor.entries.first { $0.invocation.operationID == id }
            let age =
                (editor.entries[index].invocation.slot?.rawValue ?? 0)
                - (first?.invocation.slot?.rawValue ?? 0)
            return age <= editor.header.limits.maxTTL.rawValue
        },
    ]

    // MARK: - The order of the log

    private static let orders: [CorruptionOperator] = [
        .init("acknowledge two commands at one LSN", [.lostWrite]) { editor, random in
            let commits = editor.soleCommits()
            guard commits.count > 1, let index = random.maybePick(Array(commits.dropFirst())),
                case .committed(let lsn, _, _) = editor.entries[commits[0]].outcome,
                case .committed(_, let result, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .committed(lsn, result, fromRetryCache: false)
            return true
        },
        .init(
            "swap the LSNs of two commands that did not overlap",
            [.orderViolation, .processOrder]
        ) { editor, random in
            let commits = editor.soleCommits()
            guard let first = random.maybePick(commits),
                let second = commits.first(where: {
                    editor.entries[$0].invokedAt > editor.entries[first].answeredAt
                }),
                case .committed(let early, let result, _) = editor.entries[first].outcome,
                case .committed(let late, let other, _) = editor.entries[second].outcome
            else { return false }
            editor.entries[first].outcome = .committed(late, result, fromRetryCache: false)
            editor.entries[second].outcome = .committed(early, other, fromRetryCache: false)
            return true
        },
        .init(
            "let a slot go back", [.slotRegression, .wrongResult, .falseRefusal]
        ) { editor, random in
            let candidates = editor.soleCommits {
                $0.invocation.slot?.rawValue ?? 0 > 3 && !$0.invocation.operation.isGrant
            }
            guard let index = random.maybePick(candidates) else { return false }
            editor.setSlot(Slot(0), at: index)
            return true
        },
        .init(
            "execute a command that was answered as failed",
            [.unexplainedEffect, .failureApplied]
        ) { editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits { $0.invocation.operation.isGrant }),
                case .committed(let lsn, let result, _) = editor.entries[index].outcome,
                editor.lastLSN > lsn.rawValue,
                // Somebody saw the lease, and no tick can be taken for it.
                editor.entries.contains(where: {
                    $0.invocation.operation.reservation == result.reservationID
                        && $0.outcome?.isCommitted == true
                })
            else { return false }
            editor.entries[index].outcome = .failed(.overloaded)
            return true
        },
    ]

    // MARK: - Reads

    private static let reads: [CorruptionOperator] = [
        .init(
            "show a resource as it was before",
            [.staleRead, .fenceIgnored, .partialGrant, .partialRelease, .readWentBack]
        ) { editor, random in
            editor.changeRead(&random) { editor, index, answer in
                guard case .resource(let view) = answer else { return nil }
                // An earlier, different answer about the same resource that was over long ago.
                let seen =
                    editor.reads().compactMap { other -> UInt64? in
                        guard editor.entries[other].answeredAt < editor.entries[index].invokedAt,
                            case .read(.resource(let old), _) = editor.entries[other].outcome,
                            old.resourceID == view.resourceID
                        else { return nil }
                        return old.version
                    }.max() ?? 0
                return editor.reads().compactMap { other -> ReadAnswer? in
                    guard editor.entries[other].answeredAt < editor.entries[index].invokedAt,
                        case .read(.resource(let old), _) = editor.entries[other].outcome,
                        old.resourceID == view.resourceID, old.version < seen
                    else { return nil }
                    return .resource(old)
                }.last
            }
        },
        .init("show a version that never was", [.wrongReadVersion, .freedEarly]) { editor, random in
            editor.changeRead(&random) { _, _, answer in
                guard case .resource(let view) = answer else { return nil }
                return .resource(
                    ResourceView(
                        resourceID: view.resourceID, state: view.state,
                        currentReservation: view.currentReservation, version: view.version + 1000))
            }
        },
        .init("hide a resource that exists", [.lostState, .fenceIgnored]) { editor, random in
            editor.changeRead(&random) { _, _, answer in
                if case .resource = answer { .notFound } else { nil }
            }
        },
        .init("show a resource as free that is held", [.freedEarly, .wrongReadVersion]) {
            editor, random in
            editor.changeRead(&random) { _, _, answer in
                guard case .resource(let view) = answer, view.state != .available else {
                    return nil
                }
                return .resource(
                    ResourceView(
                        resourceID: view.resourceID, state: .available, currentReservation: nil,
                        version: view.version))
            }
        },
        .init("show another holder of a lease", [.wrongReadHolder, .wrongRead]) { editor, random in
            editor.changeLease(&random) { $0.changed(holder: HolderID($0.holder.rawValue + 1)) }
        },
        .init("show another epoch of a lease", [.wrongReadEpoch, .wrongRead]) { editor, random in
            editor.changeLease(&random) { $0.changed(epoch: LeaseEpoch($0.epoch.rawValue + 5)) }
        },
        .init("show another deadline of a lease", [.wrongReadDeadline, .wrongRead]) {
            editor, random in
            editor.changeLease(&random) {
                $0.changed(deadline: $0.deadline.map { Slot($0.rawValue + 1) })
            }
        },
        .init("drop a member of a bundle", [.wrongReadMembers, .wrongRead]) { editor, random in
            editor.changeLease(&random) {
                $0.members.count > 1 ? $0.changed(members: Array($0.members.dropLast())) : nil
            }
        },
        .init("refuse a fence at an acknowledged LSN", [.fenceRefused]) { editor, random in
            let fenced = editor.reads().filter {
                (editor.entries[$0].invocation.operation.fence?.rawValue ?? 0) > 1
            }
            guard let index = random.maybePick(fenced),
                let fence = editor.entries[index].invocation.operation.fence,
                editor.entries.contains(where: {
                    guard case .committed(let lsn, _, _) = $0.outcome else { return false }
                    return lsn >= fence && $0.answeredAt < editor.entries[index].invokedAt
                })
            else { return false }
            editor.entries[index].outcome = .failed(
                .fenceNotApplied(lastApplied: LSN(fence.rawValue - 1)))
            return true
        },
        .init("exchange the answers of two reads", [.staleRead, .wrongRead]) { editor, random in
            let reads = editor.reads()
            guard let second = random.maybePick(reads),
                case .read(.resource(let late), _) = editor.entries[second].outcome,
                let first = reads.first(where: {
                    guard editor.entries[$0].answeredAt < editor.entries[second].invokedAt,
                        case .read(.resource(let early), _) = editor.entries[$0].outcome
                    else { return false }
                    return early.resourceID == late.resourceID && early.version < late.version
                })
            else { return false }
            let outcome = editor.entries[first].outcome
            editor.entries[first].outcome = editor.entries[second].outcome
            editor.entries[second].outcome = outcome
            return true
        },
    ]

    // MARK: - Expiry

    private static let expiries: [CorruptionOperator] = [
        .init(
            "expire before the deadline",
            [.earlyExpiry, .unexplainedEffect, .falseRefusal, .doubleAllocation]
        ) {
            editor, random in
            // Every tick now says that it was asked for slot 0, where nothing is due.
            guard !editor.ticks().isEmpty else { return false }
            for index in editor.entries.indices
            where editor.entries[index].invocation.operation == .tickExpirations {
                editor.setSlot(Slot(0), at: index)
            }
            return true
        },
        .init("report more expiries than there were", [.tickResult]) { editor, random in
            guard let index = random.maybePick(editor.ticks()),
                case .ticked(let applied, let lsn) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .ticked(applied: applied + 40, lastLSN: lsn)
            return true
        },
        .init("report an expiry at a command's LSN", [.tickResult]) { editor, random in
            guard let index = random.maybePick(editor.ticks()),
                let commit = random.maybePick(editor.soleCommits()),
                case .ticked(let applied, _) = editor.entries[index].outcome,
                case .committed(let lsn, _, _) = editor.entries[commit].outcome
            else { return false }
            editor.entries[index].outcome = .ticked(applied: applied, lastLSN: lsn)
            return true
        },
        .init("report expiries without an LSN", [.tickResult]) { editor, random in
            guard let index = random.maybePick(editor.ticks()) else { return false }
            editor.entries[index].outcome = .ticked(applied: 1, lastLSN: nil)
            return true
        },
    ]

    // MARK: - The record itself

    private static let records: [CorruptionOperator] = [
        .init("answer before the question", [.recordTime, .recordPairing]) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()),
                editor.entries[index].invokedAt.rawValue > 5
            else { return false }
            editor.entries[index].answeredAt = RunInstant(
                editor.entries[index].invokedAt.rawValue - 3)
            return true
        },
        .init("never resolve a command", [.unresolvedAmbiguity]) { editor, random in
            let last = editor.lastLSN
            guard
                let index = editor.soleCommits().last(where: {
                    if case .committed(let lsn, _, _) = editor.entries[$0].outcome {
                        lsn.rawValue == last
                    } else {
                        false
                    }
                })
            else { return false }
            editor.entries[index].outcome = .ambiguous(.timeout)
            return true
        },
    ]
}
