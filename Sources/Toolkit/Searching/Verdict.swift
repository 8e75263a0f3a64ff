/// What a search found out.
public enum SearchVerdict: Sendable, Equatable {
    case linearizable
    case notLinearizable(Violation)
    case unknown(Exhaustion)
}

/// The first return, in real time, that no order of the calls can explain. Operations are named by
/// their place in what was searched.
public struct Violation: Sendable, Equatable {
    public var operation: Int
    /// What was open beside it, answered later or never.
    public var concurrent: [Int]
    /// States the object could have been in before, and the open operations already done in each.
    public var possibilities: [Possibility]
    /// How many possibilities there were; `possibilities` holds the first of them.
    public var possibilityCount: Int

    public struct Possibility: Sendable, Equatable {
        public var state: String
        public var done: [Int]
    }

    static let shownPossibilities = 8
    static let shownConcurrent = 64
}

/// A budget that ran out, and how far the search had come.
public struct Exhaustion: Sendable, Equatable {
    public enum Budget: String, Sendable {
        case time
        case memory
        /// More answered operations were open at once than `FrontierSearch.openLimit`.
        case concurrency
    }

    public var budget: Budget
    /// Operations invoked so far, of how many.
    public var reached: Int
    public var total: Int
    public var frontier: Int
}

/// What a search may use up.
public struct SearchLimits: Sendable {
    public var time: Duration?
    /// Resident memory of the whole process, in bytes.
    public var memory: Int?

    public init(time: Duration? = nil, memory: Int? = nil) {
        self.time = time
        self.memory = memory
    }
}
