/// A file of a cluster's workspace that cannot be read as what it should be. Its description is
/// the sentence that commands print (cluster-runner.md 3, 4, 5).
public struct ClusterFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum File: Hashable, Sendable {
        case layout
        case faults
        case timeline
    }

    public let file: File
    public let problem: KeyValueError

    public init(_ file: File, _ problem: KeyValueError) {
        self.file = file
        self.problem = problem
    }

    public var description: String {
        let text = problem.text(noun: "layout")
        return switch file {
        case .layout: text
        case .faults: "invalid fault-state file: \(text)"
        case .timeline: "invalid cluster timeline: \(text)"
        }
    }
}
