import Matrix
import Workload

/// Whether a run is evidence for the release gate: only what was carried out as the matrix demands
/// counts (validation.md 1.4). A run that does not count is judged all the same.
enum GateEvidence {
    /// Why not; empty when it counts.
    static func obstacles(
        _ descriptor: RunDescriptor, _ options: RunOptions, window: Duration
    ) -> [String] {
        var obstacles: [String] = []
        if !descriptor.isReleaseBlocking { obstacles.append("no release waits for this run") }
        if let minimum = descriptor.minimumFaultWindow, window < minimum {
            obstacles.append(
                "its window of \(window.components.seconds) s is shorter than the demanded "
                    + "\(minimum.components.seconds) s")
        }
        switch options.style {
        case .concurrent: break
        case .scripted: obstacles.append("it follows a script, one request after the other")
        }
        switch options.faults {
        case .family: break
        case .named, .schedule:
            obstacles.append("its faults are not those of its nemesis")
        }
        return obstacles
    }

    /// For people.
    static func sentence(_ result: RunResult) -> String {
        if result.countsForGate { return "Evidence for the release gate." }
        if result.wasInterrupted { return "Not evidence for the release gate: interrupted." }
        if result.gateObstacles.isEmpty { return "Not evidence for the release gate: not judged." }
        return "Not evidence for the release gate: "
            + result.gateObstacles.joined(separator: "; ") + "."
    }
}
