import JSONText

extension Plan {
    /// The plan as one JSON object with sorted keys.
    var json: String {
        var members: [JSONText.Member] = []
        if let lanes {
            members = [
                .init("assignments", .array(lanes.assignments.map(assignment))),
                .init("expected_wall_secs", .number(lanes.expectedDuration.components.seconds)),
                .init("lanes", .number(lanes.laneCount)),
            ]
        }
        members.append(.init("runs", .array(runs.map(run))))
        members.append(.init("version", .number(1)))
        return JSONText.object(members).indented
    }

    private func run(_ run: RunDescriptor) -> JSONText {
        .object([
            "minimum_fault_window_secs": .optional(run.minimumFaultWindowSeconds),
            "nemesis": .string(run.nemesis.rawValue),
            "release_blocking": .bool(run.isReleaseBlocking),
            "run_id": .string(run.id),
            "workload": .string(run.workload.rawValue),
        ])
    }

    private func assignment(_ assignment: LanePlan.Assignment) -> JSONText {
        .object([
            "ends_at_secs": .number(assignment.end.components.seconds),
            "lane": .number(assignment.lane),
            "run_id": .string(assignment.run.id),
            "starts_at_secs": .number(assignment.start.components.seconds),
            "wave": .number(assignment.wave),
        ])
    }
}
