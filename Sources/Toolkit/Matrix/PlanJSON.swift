extension Plan {
    /// The plan as one JSON object with sorted keys and two blanks of indentation. None of its
    /// texts holds a character that JSON escapes: all are the fixed names of the matrix.
    var json: String {
        var members: [String] = []
        if let lanes { members.append(laneMember(lanes)) }
        members.append(list("runs", runs.map(runObject)))
        members.append("  \"version\": 1")
        return "{\n" + members.joined(separator: ",\n") + "\n}\n"
    }

    private func runObject(_ run: RunDescriptor) -> String {
        object([
            ("minimum_fault_window_secs", run.minimumFaultWindowSeconds.map { "\($0)" } ?? "null"),
            ("nemesis", quoted(run.nemesis.rawValue)),
            ("release_blocking", "\(run.isReleaseBlocking)"),
            ("run_id", quoted(run.id)),
            ("workload", quoted(run.workload.rawValue)),
        ])
    }

    private func laneMember(_ lanes: LanePlan) -> String {
        let assignments = lanes.assignments.map { assignment in
            object([
                ("ends_at_secs", "\(assignment.end.components.seconds)"),
                ("lane", "\(assignment.lane)"),
                ("run_id", quoted(assignment.run.id)),
                ("starts_at_secs", "\(assignment.start.components.seconds)"),
                ("wave", "\(assignment.wave)"),
            ])
        }
        return list("assignments", assignments) + ",\n  \"expected_wall_secs\": "
            + "\(lanes.expectedDuration.components.seconds),\n  \"lanes\": \(lanes.laneCount)"
    }

    private func list(_ name: String, _ objects: [String]) -> String {
        guard !objects.isEmpty else { return "  \"\(name)\": []" }
        return "  \"\(name)\": [\n" + objects.map { "    " + $0 }.joined(separator: ",\n")
            + "\n  ]"
    }

    private func object(_ members: [(name: String, value: String)]) -> String {
        "{ " + members.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ") + " }"
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }
}
