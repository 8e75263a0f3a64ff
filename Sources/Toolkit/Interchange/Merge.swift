import History

/// Several records put together: the excerpts of one record to that record again, and the
/// recordings of several tools that worked on one cluster to one, by their wall clocks.
public enum Merge {
    public struct Made: Hashable, Sendable {
        public let eventsWritten: UInt64
        /// Whether what was written is a whole record as recorded, which can be judged.
        public let isRecord: Bool
        /// What the result is, in a sentence.
        public let words: String
    }

    public static func merge(
        _ paths: [String], to form: HistoryForm, output: String?
    ) throws(InterchangeError) -> Made {
        guard form != .text else {
            throw .impossible("a merged history cannot be a text of version 1: convert it")
        }
        return try OutputFile.making(output) { () throws(InterchangeError) in
            var inputs: [RecordInput] = []
            for path in paths { inputs.append(try RecordInput(path: path)) }
            guard let first = inputs.first else { throw .impossible("nothing to merge") }
            for input in inputs where input.header.limits != first.header.limits {
                throw .impossible(
                    "\(input.path) and \(first.path) are of clusters with different limits")
            }
            if inputs.allSatisfy({ $0.header.isExcerpt(ofSameAs: first.header) }) {
                return try join(inputs, form, output)
            }
            for input in inputs where input.header.origin != .recorded {
                throw .impossible(
                    "\(input.path) is no whole recording, and not of the same record as the others")
            }
            return try interleave(inputs, form, output)
        }
    }

    /// Excerpts of one record, by sequence.
    private static func join(
        _ inputs: [RecordInput], _ form: HistoryForm, _ output: String?
    ) throws(InterchangeError) -> Made {
        let header = inputs[0].header
        // Whether nothing is missing is known only afterwards, but stands in the header.
        var survey = Heads(try inputs.reopened()) { event, _ in event.sequence.rawValue }
        var count: UInt64 = 0
        while let (_, event) = try survey.next() {
            try survey.skipEqual(to: event)
            count += 1
        }
        var joined = header
        let isWhole = header.origin == .excerpt(of: count)
        if isWhole { joined.origin = .recorded }
        var heads = Heads(inputs) { event, _ in event.sequence.rawValue }
        var result = try RecordOutput(form, path: output, header: joined)
        while let (_, event) = try heads.next() {
            try heads.skipEqual(to: event)
            try result.append(event)
        }
        try result.finish(isWhole: true)
        return Made(
            eventsWritten: count, isRecord: isWhole,
            words: isWhole
                ? "The excerpts are the whole record again."
                : "The excerpts leave events out: what was written is an excerpt as well.")
    }

    /// Whole recordings, by wall clock. Attempts, faults and processes are numbered anew, so that
    /// each keeps an identity of its own.
    private static func interleave(
        _ inputs: [RecordInput], _ form: HistoryForm, _ output: String?
    ) throws(InterchangeError) -> Made {
        let start = inputs.map(\.header.startedAt).min() ?? 0
        var header = inputs[0].header
        header.origin = .merged
        header.startedAt = start
        header.runID = inputs.map(\.header.runID).joined(separator: "+")
        header.concurrency = inputs.reduce(0) { $0 &+ $1.header.concurrency }
        var renumberings: [Renumbering] = []
        var processBase: UInt32 = 0
        for input in inputs {
            renumberings.append(
                Renumbering(
                    timeOffset: input.header.startedAt - start, processBase: processBase))
            // The tool's own process is the same in all.
            processBase = processBase &+ input.header.concurrency
        }
        let offsets = renumberings.map(\.timeOffset)
        var heads = Heads(inputs) { event, source in event.time.rawValue &+ offsets[source] }
        var result = try RecordOutput(form, path: output, header: header)
        var numbers = Numbers()
        while let (source, event) = try heads.next() {
            numbers.sequence += 1
            try result.append(renumberings[source].apply(to: event, &numbers))
        }
        let isWhole = heads.inputs.allSatisfy(\.isWhole)
        try result.finish(isWhole: isWhole)
        return Made(
            eventsWritten: result.eventCount, isRecord: false,
            words: "The recordings were put in the order of their wall clocks, which nobody "
                + "compared: the result is for reading, and `analyze` will not judge it.")
    }
}

extension RunHeader {
    fileprivate func isExcerpt(ofSameAs other: RunHeader) -> Bool {
        switch origin {
        case .recorded, .merged, .extract: return false
        case .excerpt: return self == other
        }
    }
}

extension [RecordInput] {
    fileprivate func reopened() throws(InterchangeError) -> [RecordInput] {
        var again: [RecordInput] = []
        for input in self { again.append(try RecordInput(path: input.path)) }
        return again
    }
}

/// The next event of each input, of which the least comes first.
private struct Heads {
    var inputs: [RecordInput]
    private var waiting: [HistoryEvent?] = []
    private var hasBegun = false
    private let key: (HistoryEvent, Int) -> UInt64

    init(_ inputs: [RecordInput], _ key: @escaping (HistoryEvent, Int) -> UInt64) {
        self.inputs = inputs
        self.key = key
    }

    /// The least event that waits, and the input it is from.
    mutating func next() throws(InterchangeError) -> (source: Int, event: HistoryEvent)? {
        if !hasBegun {
            hasBegun = true
            for index in inputs.indices { waiting.append(try inputs[index].next()) }
        }
        var least: (source: Int, key: UInt64)?
        for (source, event) in waiting.enumerated() {
            guard let event else { continue }
            let key = key(event, source)
            if key < least?.key ?? .max || least == nil { least = (source, key) }
        }
        guard let source = least?.source, let event = waiting[source] else { return nil }
        waiting[source] = try inputs[source].next()
        return (source, event)
    }

    /// Passes over the same event in other inputs. Another one under the same sequence is an
    /// error: they are not of one record.
    mutating func skipEqual(to event: HistoryEvent) throws(InterchangeError) {
        for source in waiting.indices {
            while let other = waiting[source], other.sequence == event.sequence {
                guard other == event else {
                    throw .impossible(
                        "\(inputs[source].path) has another event \(event.sequence) than the "
                            + "others: they are not excerpts of one record")
                }
                waiting[source] = try inputs[source].next()
            }
        }
    }
}

/// Numbers given out over all inputs of a merge.
private struct Numbers {
    var sequence: UInt64 = 0
    var attempt: UInt64 = 0
    var fault: UInt64 = 0
}

/// What the events of one input become. Memory grows with the requests and faults that are open
/// at once.
private struct Renumbering {
    let timeOffset: UInt64
    let processBase: UInt32
    private var attempts: [AttemptNumber: AttemptNumber] = [:]
    private var faults: [FaultID: FaultID] = [:]

    init(timeOffset: UInt64, processBase: UInt32) {
        self.timeOffset = timeOffset
        self.processBase = processBase
    }

    mutating func apply(to event: HistoryEvent, _ numbers: inout Numbers) -> HistoryEvent {
        let process =
            event.process == .tool
            ? event.process : ProcessID(event.process.rawValue &+ processBase)
        return HistoryEvent(
            sequence: Sequence(numbers.sequence),
            time: RunInstant(event.time.rawValue &+ timeOffset), process: process,
            content: content(event.content, &numbers))
    }

    private mutating func content(
        _ content: HistoryEvent.Content, _ numbers: inout Numbers
    ) -> HistoryEvent.Content {
        switch content {
        case .invoke(let invocation):
            numbers.attempt += 1
            let number = AttemptNumber(numbers.attempt)
            attempts[invocation.attempt] = number
            return .invoke(
                Invocation(
                    attempt: number, operationID: invocation.operationID,
                    operation: invocation.operation, slot: invocation.slot,
                    endpoint: invocation.endpoint))
        case .complete(let attempt, let outcome):
            if let number = attempts.removeValue(forKey: attempt) {
                return .complete(number, outcome)
            }
            // Never asked in its own record: a number that nothing else has.
            numbers.attempt += 1
            return .complete(AttemptNumber(numbers.attempt), outcome)
        case .fault(let fault):
            let id: FaultID
            switch fault.phase {
            case .begin:
                numbers.fault += 1
                id = FaultID(numbers.fault)
                faults[fault.id] = id
            case .end:
                if let known = faults.removeValue(forKey: fault.id) {
                    id = known
                } else {
                    numbers.fault += 1
                    id = FaultID(numbers.fault)
                }
            }
            return .fault(
                FaultEvent(
                    id: id, phase: fault.phase, kind: fault.kind, targets: fault.targets,
                    detail: fault.detail))
        case .note: return content
        }
    }
}
