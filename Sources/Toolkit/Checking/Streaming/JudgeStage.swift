import History

/// What the judge of a stream is at, in the order in which an event goes through it.
enum JudgeStage: UInt8, CaseIterable {
    /// For decoded events.
    case waiting
    /// Requests: attempts are folded into commands.
    case requests
    /// Answers are put in their places in the log.
    case order
    /// The allocator's model goes along the log, and gaps in it are explained.
    case replay
    /// Reads are placed between what was before them and what was not yet sent.
    case realTime

    var words: String {
        switch self {
        case .waiting: "waiting for decoded events"
        case .requests: "requests folded into commands"
        case .order: "answers put in the order of the log"
        case .replay: "replay of the log, its order in real time, gaps"
        case .realTime: "reads placed in the log and in real time"
        }
    }
}

extension ThreadStage {
    @inline(__always)
    func enter(_ stage: JudgeStage) { enter(stage.rawValue) }
}
