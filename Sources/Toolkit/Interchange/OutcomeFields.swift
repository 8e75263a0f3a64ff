import History

/// The value of a completion's map, there and back. What the answer did not carry is left out.
enum OutcomeFields {
    static func value(_ outcome: Outcome) -> Field {
        var members = Members()
        switch outcome {
        case .committed(let lsn, let result, let fromCache):
            members.number("lsn", lsn)
            members.identifier("reservation", result.reservationID)
            members.number("epoch", result.epoch)
            members.number("deadline", result.deadline)
            members.truth("from_retry_cache", fromCache)
        case .refused(let lsn, _, let fromCache):
            members.number("lsn", lsn)
            members.truth("from_retry_cache", fromCache)
        case .ticked(let applied, let last):
            members.add("applied", .number(applied))
            members.number("last_lsn", last)
        case .read(let answer, let facts):
            members.add(answer)
            if let role = facts.role { members.add("role", .word(role.rawValue)) }
            members.number("observed_lsn", facts.observedLSN)
        case .failed(.notPrimary(let role)):
            if let role { members.add("role", .word(role.rawValue)) }
        case .failed(.fenceNotApplied(let last)): members.number("last_applied", last)
        case .failed, .ambiguous: return .nothing
        }
        return .map(members.list)
    }

    private struct Members {
        var list: [Field.Member] = []

        mutating func add(_ name: String, _ value: Field) { list.append(.init(name, value)) }

        mutating func number(_ name: String, _ value: (some HistoryNumber)?) {
            if let value { add(name, .number(UInt128(value.rawValue))) }
        }

        mutating func identifier(_ name: String, _ value: (some HistoryNumber)?) {
            if let value { add(name, .identifier(UInt128(value.rawValue))) }
        }

        mutating func truth(_ name: String, _ value: Bool) {
            if value { add(name, .truth(true)) }
        }

        mutating func add(_ answer: ReadAnswer) {
            add("answer", .word(answer.word))
            switch answer {
            case .resource(let view):
                identifier("resource", view.resourceID)
                add("state", .word(view.state.word))
                identifier("reservation", view.currentReservation)
                add("version", .number(view.version))
            case .lease(let view):
                identifier("reservation", view.reservationID)
                identifier("holder", view.holder)
                add("state", .word(view.state.word))
                number("epoch", view.epoch)
                number("created_lsn", view.createdLSN)
                number("deadline", view.deadline)
                number("released_lsn", view.releasedLSN)
                number("retire_after", view.retireAfter)
                add("members", .list(view.members.map { .identifier($0.rawValue) }))
            case .notFound, .retired: break
            }
        }
    }

    static func outcome(_ map: FieldReader) throws(FieldReader.Problem) -> Outcome {
        let value = map.member("value") ?? FieldReader(.map([]))
        switch try map.text("outcome") {
        case "committed":
            return .committed(
                try value.id("lsn"),
                CommitResult(
                    reservationID: try value.optionalID("reservation"),
                    epoch: try value.optionalID("epoch"),
                    deadline: try value.optionalID("deadline")),
                fromRetryCache: try value.truth("from_retry_cache"))
        case "refused":
            return .refused(
                try value.id("lsn"), try map.choice("error") { $0.name },
                fromRetryCache: try value.truth("from_retry_cache"))
        case "ticked":
            return .ticked(
                applied: try value.number("applied"), lastLSN: try value.optionalID("last_lsn"))
        case "read":
            let facts = ServingFacts(
                role: try role(value), observedLSN: try value.optionalID("observed_lsn"))
            return .read(try answer(value), facts)
        case "failed": return .failed(try failure(map, value))
        case "ambiguous": return .ambiguous(try map.choice("error") { $0.word })
        case let other: throw .init(words: "`outcome` is `\(other)`, which is nothing known")
        }
    }

    private static func role(_ value: FieldReader) throws(FieldReader.Problem) -> ReplicaRole? {
        value.member("role") == nil ? nil : try value.choice("role") { $0.rawValue }
    }

    private static func answer(_ value: FieldReader) throws(FieldReader.Problem) -> ReadAnswer {
        switch try value.text("answer") {
        case "resource":
            return .resource(
                ResourceView(
                    resourceID: try value.id("resource"),
                    state: try value.choice("state") { $0.word },
                    currentReservation: try value.optionalID("reservation"),
                    version: try value.number("version")))
        case "lease":
            return .lease(
                LeaseView(
                    reservationID: try value.id("reservation"), holder: try value.id("holder"),
                    state: try value.choice("state") { $0.word }, epoch: try value.id("epoch"),
                    createdLSN: try value.id("created_lsn"),
                    deadline: try value.optionalID("deadline"),
                    releasedLSN: try value.optionalID("released_lsn"),
                    retireAfter: try value.optionalID("retire_after"),
                    members: try value.ids("members")))
        case "not_found": return .notFound
        case "retired": return .retired
        case let other: throw .init(words: "`answer` is `\(other)`, which is nothing known")
        }
    }

    private static func failure(
        _ map: FieldReader, _ value: FieldReader
    ) throws(FieldReader.Problem) -> DefiniteFailure {
        let word = try map.text("error")
        let all: [DefiniteFailure] = [
            .notPrimary(role: try role(value)),
            .fenceNotApplied(lastApplied: try value.optionalID("last_applied")), .engineHalted,
            .invalidRequest, .slotOverflow, .commandTooLarge, .lsnExhausted, .overloaded,
            .isolated, .replicaFaulted, .connectionRefused,
        ]
        guard let failure = all.first(where: { $0.word == word }) else {
            throw .init(words: "`error` is `\(word)`, which is nothing known")
        }
        return failure
    }
}
