import History
import JSONText

/// What the page's script draws, as JSON. Times are microseconds since the run began.
struct ChartData {
    let activity: RunActivity
    let slices: TimeSlices
    let points: LatencyPoints
    let replicas: [(replica: ReplicaID, spans: [RoleSpan])]

    var json: JSONText {
        .object([
            "duration": Self.time(activity.end),
            "slice": .number(slices.width / 1000),
            "slices": .number(slices.count),
            "kinds": .array(slices.kinds.map { .string($0.rawValue) }),
            "kindGroups": .array(slices.kinds.indices.map { .number(slices.group(of: $0)) }),
            "groups": .array(slices.groups.map(Self.group)),
            "latencyRange": latencyRange,
            "points": drawnPoints,
            "faults": .array(activity.faults.map(fault)),
            "replicas": .array(replicas.map(Self.replica)),
        ])
    }

    static func time(_ instant: RunInstant) -> JSONText { .number(instant.rawValue / 1000) }

    private static func group(_ group: TimeSlices.Group) -> JSONText {
        func quantiles(_ percent: Int) -> JSONText {
            .array(
                group.latencies.map {
                    JSONText.optional(TimeSlices.quantile($0, percent: percent))
                })
        }
        return .object([
            "name": .string(group.name), "kinds": .array(group.kinds.map { .number($0) }),
            "counts": .array(
                group.counts.map { slices in .array(slices.map { .number($0) }) }),
            "q50": quantiles(50), "q95": quantiles(95), "q99": quantiles(99),
        ])
    }

    /// Whole decades around all latencies.
    private var latencyRange: JSONText {
        let latencies = points.chosen.compactMap { activity.attempts[$0].latency }
        let (low, high) = (latencies.min() ?? 100, latencies.max() ?? 10_000)
        var bottom: UInt64 = 1
        while bottom * 10 <= UInt64(low) { bottom *= 10 }
        var top: UInt64 = bottom * 10
        while top <= UInt64(high) { top *= 10 }
        return .array([.number(bottom), .number(top)])
    }

    private var drawnPoints: JSONText {
        let attempts = points.chosen.map { activity.attempts[$0] }
        let place = Dictionary(
            uniqueKeysWithValues: slices.kinds.enumerated().map { ($0.element, $0.offset) })
        return .object([
            "time": .array(attempts.map { Self.time($0.sentAt) }),
            "latency": .array(attempts.map { .optional($0.latency) }),
            "kind": .array(attempts.map { .optional(place[$0.kind]) }),
            "outcome": .array(attempts.map { .number($0.look.rawValue) }),
        ])
    }

    private func fault(_ fault: RunActivity.Fault) -> JSONText {
        .object([
            "from": Self.time(fault.from), "to": Self.time(fault.to ?? activity.end),
            "name": .string(fault.kind),
        ])
    }

    private static func replica(_ entry: (replica: ReplicaID, spans: [RoleSpan])) -> JSONText {
        .object([
            "name": .string("replica \(entry.replica)"),
            "spans": .array(
                entry.spans.map { span in
                    .array([
                        time(span.from), time(span.to), .number(span.look.rawValue),
                        .string(span.label),
                    ])
                }),
        ])
    }
}
