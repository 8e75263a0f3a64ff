import Checking
import History

/// What happened, or when, is not what it was.
extension CorruptionOperator {
    static let courses: [CorruptionOperator] = drops + times + ticks + events

    private static let anywhere = Set<FindingCode>.effects.or(.reads).or(.holding)
        .or(.falseRefusals).or(.allocation).or(.places).or(.grantValues).or(.retries)

    private static let drops: [CorruptionOperator] = [
        .init("drop a write", anywhere) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()) else { return false }
            editor.entries.remove(at: index)
            return true
        },
        .init("drop a refused command", anywhere) { editor, random in
            guard let index = random.maybePick(editor.refusals(.resourceBusy, .invalidState))
            else { return false }
            let id = editor.entries[index].invocation.operationID
            editor.entries.removeAll { $0.invocation.operationID == id }
            return true
        },
        .init("drop a tick", anywhere) { editor, random in
            guard let index = random.maybePick(editor.ticks()) else { return false }
            editor.entries.remove(at: index)
            return true
        },
        .init("drop a read", []) { editor, random in
            guard let index = random.maybePick(editor.reads()) else { return false }
            editor.entries.remove(at: index)
            return true
        },
        .init("lose the answer of a read", []) { editor, random in
            guard let index = random.maybePick(editor.reads()) else { return false }
            editor.entries[index].outcome = nil
            return true
        },
        .init("apply a failed command", anywhere) { editor, random in
            guard
                let index = random.maybePick(
                    editor.soleCommits { !$0.invocation.operation.isGrant }.dropLast(3))
            else { return false }
            editor.entries[index].outcome = .failed(.notPrimary(role: .backup))
            return true
        },
        .init("lose the answer of a command for good", .ambiguity) { editor, random in
            guard let index = random.maybePick(editor.soleCommits()) else { return false }
            editor.entries[index].outcome = .ambiguous(.timeout)
            return true
        },
    ]

    private static func moves(
        _ name: String, _ expected: Set<FindingCode>,
        _ choose: @escaping @Sendable (RecordEditor) -> [Int], toEnd: Bool
    ) -> CorruptionOperator {
        .init(name, expected) { editor, random in
            guard let index = random.maybePick(choose(editor)) else { return false }
            let begin = toEnd ? editor.end + 10 : 1
            editor.entries[index].invokedAt = RunInstant(begin)
            editor.entries[index].answeredAt = RunInstant(begin + 1)
            editor.entries[index].process = ProcessID(90)
            return true
        }
    }

    private static let times: [CorruptionOperator] = [
        moves(
            "move a read back to the beginning", .reads.or(.fences), { $0.reads() }, toEnd: false
        ),
        moves("move a read to the end", .reads.or(.fences), { $0.reads() }, toEnd: true),
        moves("send a command at the end", anywhere, { $0.soleCommits() }, toEnd: true),
        moves("send a command at the beginning", anywhere, { $0.soleCommits() }, toEnd: false),
        moves("send a tick at the beginning", anywhere, { $0.ticks() }, toEnd: false),
        moves("send a tick at the end", anywhere, { $0.ticks() }, toEnd: true),
        .init("answer later", []) { editor, random in
            guard let index = random.maybePick(editor.reads() + editor.soleCommits())
            else { return false }
            editor.entries[index].answeredAt = RunInstant(editor.end + 5)
            editor.entries[index].process = ProcessID(90)
            return true
        },
        .init("raise a slot of the past", .places.or(.grantValues).or(anywhere)) {
            editor, random in
            guard let index = random.maybePick(editor.soleCommits().dropLast(20)) else {
                return false
            }
            editor.setSlot(Slot(100_000), at: index)
            return true
        },
        .init("refuse a fence that is applied", .fences) { editor, random in
            guard
                let index = random.maybePick(
                    editor.reads().filter { editor.entries[$0].invocation.operation.fence != nil }),
                let fence = editor.entries[index].invocation.operation.fence, fence.rawValue > 0
            else { return false }
            editor.entries[index].outcome = .failed(.fenceNotApplied(lastApplied: fence))
            return true
        },
        .init("claim to have applied what nobody sent", .fences.or([.impossibleLSN])) {
            editor, random in
            let refused = editor.entries.indices.filter {
                if case .failed(.fenceNotApplied) = editor.entries[$0].outcome {
                    true
                } else {
                    false
                }
            }
            guard let index = random.maybePick(refused),
                let fence = editor.entries[index].invocation.operation.fence
            else { return false }
            editor.entries[index].outcome = .failed(
                .fenceNotApplied(lastApplied: LSN(fence.rawValue + 1000)))
            return true
        },
    ]

    private static let ticks: [CorruptionOperator] = [
        .init("let one tick free what is not due", anywhere) { editor, random in
            guard let index = random.maybePick(editor.ticks()) else { return false }
            editor.setSlot(Slot(0), at: index)
            return true
        },
        .init("report fewer expiries than there were", anywhere) { editor, random in
            let several = editor.ticks().filter {
                if case .ticked(let count, _) = editor.entries[$0].outcome {
                    count > 1
                } else {
                    false
                }
            }
            guard let index = random.maybePick(several),
                case .ticked(let count, let lsn) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .ticked(applied: count - 1, lastLSN: lsn)
            return true
        },
        .init("hide what a tick expired", anywhere) { editor, random in
            guard let index = random.maybePick(editor.ticks()) else { return false }
            editor.entries[index].outcome = .ticked(applied: 0, lastLSN: nil)
            return true
        },
        .init("report no expiries at an LSN", [.tickResult]) { editor, random in
            guard let index = random.maybePick(editor.ticks()),
                case .ticked(_, let lsn) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .ticked(applied: 0, lastLSN: lsn)
            return true
        },
        .init("take a tick for one that failed", anywhere) { editor, random in
            guard let index = random.maybePick(editor.ticks()) else { return false }
            editor.entries[index].outcome = .failed(.notPrimary(role: .backup))
            return true
        },
        .init("report an expiry behind the log", anywhere) { editor, random in
            guard let index = random.maybePick(editor.ticks()),
                case .ticked(let count, _) = editor.entries[index].outcome
            else { return false }
            editor.entries[index].outcome = .ticked(
                applied: count, lastLSN: LSN(editor.lastLSN + 3))
            return true
        },
        .init("expire more at once than the limit", [.tickResult]) { editor, _ in
            editor.header.limits.maxExpirationsPerTick = 1
            return editor.entries.contains {
                if case .ticked(let count, _) = $0.outcome { count > 1 } else { false }
            }
        },
    ]
}
