import Checking
import JSONText

/// One number of the judge's statistics, with its name in a manifest and its words on a page.
struct StatisticField: Sendable {
    let name: String
    let words: String
    let path: any WritableKeyPath<JudgementStatistics, Int> & Sendable

    static let all: [StatisticField] = [
        .init(name: "events", words: "events", path: \.events),
        .init(name: "attempts", words: "attempts", path: \.attempts),
        .init(name: "logical_commands", words: "commands", path: \.logicalCommands),
        .init(name: "committed", words: "committed attempts", path: \.committed),
        .init(name: "refused", words: "refused attempts", path: \.refused),
        .init(name: "reads", words: "reads answered", path: \.reads),
        .init(name: "definite_failures", words: "definite failures", path: \.definiteFailures),
        .init(name: "ambiguous_attempts", words: "ambiguous attempts", path: \.ambiguousAttempts),
        .init(
            name: "resolved_ambiguities", words: "ambiguous commands resolved",
            path: \.resolvedAmbiguities),
        .init(
            name: "unresolved_ambiguities", words: "ambiguous commands unresolved",
            path: \.unresolvedAmbiguities),
        .init(name: "inferred_expiries", words: "expiries inferred", path: \.inferredExpiries),
        .init(
            name: "inferred_commands", words: "executions inferred that nobody was told of",
            path: \.inferredCommands),
    ]

    /// The statistics as a JSON object.
    static func json(_ statistics: JudgementStatistics) -> JSONText {
        let sights = CoverageSight.allCases.compactMap { sight in
            statistics.sights[sight].map { JSONText.Member(sight.rawValue, .number($0)) }
        }
        return .object(
            all.map { .init($0.name, .number(statistics[keyPath: $0.path])) }
                + [
                    .init("last_lsn", .number(statistics.lastLSN)),
                    .init("seen", .object(sights)),
                ])
    }

    /// The statistics of such an object; what it does not hold is 0.
    static func statistics(_ json: JSONText) -> JudgementStatistics {
        var statistics = JudgementStatistics()
        for field in all { statistics[keyPath: field.path] = json[field.name].integer() ?? 0 }
        statistics.lastLSN = json["last_lsn"].integer() ?? 0
        for sight in CoverageSight.allCases {
            if let count = json["seen"][sight.rawValue].integer(Int.self) {
                statistics.sights[sight] = count
            }
        }
        return statistics
    }
}
