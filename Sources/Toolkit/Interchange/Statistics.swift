public import History
import SystemCalls

/// What a history holds, counted in one pass.
public struct Statistics: Sendable {
    /// How the answers to one kind of request came out.
    public struct Row: Hashable, Sendable {
        public let operation: String
        public fileprivate(set) var asked: UInt64 = 0
        public fileprivate(set) var succeeded: UInt64 = 0
        public fileprivate(set) var refused: UInt64 = 0
        public fileprivate(set) var failed: UInt64 = 0
        public fileprivate(set) var ambiguous: UInt64 = 0
        /// Asked and never answered in the record.
        public var open: UInt64 { asked - min(asked, succeeded + refused + failed + ambiguous) }
    }

    public struct FaultRow: Hashable, Sendable {
        public let kind: String
        public fileprivate(set) var begun: UInt64 = 0
        public fileprivate(set) var ended: UInt64 = 0
    }

    public let path: String
    public let form: HistoryForm
    public let byteCount: Int64
    /// Nil for a text, which has none.
    public let header: RunHeader?
    /// Version and number of chunks, of a native record.
    public private(set) var formatVersion: Int?
    public private(set) var chunkCount: Int?
    /// How a native record ends, or whether another has its last line; nil for a text.
    public private(set) var isWhole: Bool?
    public private(set) var lostBytes = 0
    public private(set) var eventCount: UInt64 = 0
    /// First and last sequence, and time from the earliest to the latest event.
    public private(set) var sequences: ClosedRange<UInt64>?
    public private(set) var span = Duration.zero
    public private(set) var rows: [Row] = []
    public private(set) var faults: [FaultRow] = []
    public private(set) var notes: UInt64 = 0
    /// Highest LSN that an answer told.
    public private(set) var lastLSN: LSN?

    private var places: [String: Int] = [:]
    private var faultPlaces: [String: Int] = [:]
    private var earliest: UInt128 = .max
    private var latest: UInt128 = 0

    /// Reads the whole file.
    public init(of path: String) throws(InterchangeError) {
        self.path = path
        form = try HistoryForm.of(path)
        byteCount = try InterchangeError.ofSystem { () throws(SystemError) in
            try FileSystem.facts(path)?.size ?? 0
        }
        switch try TextInput.nature(of: path) {
        case .text:
            header = nil
            try TextInput.read(path) { event throws(InterchangeError) in add(event) }
        case .record:
            var input = try RecordInput(path: path)
            header = input.header
            if form == .record { try describeFile() }
            var open: [AttemptNumber: Operation.Kind] = [:]
            while let event = try input.next() { add(event, &open) }
            isWhole = input.isWhole
        }
        let nanoseconds = latest > earliest ? latest - earliest : 0
        span = .nanoseconds(Int64(clamping: nanoseconds))
    }

    private mutating func describeFile() throws(InterchangeError) {
        let reader = try InterchangeError.ofRecord { () throws(HistoryFileError) in
            try NativeRecordReader(path: path)
        }
        formatVersion = reader.formatVersion
        chunkCount = reader.chunks.count
        if case .torn(let lost) = reader.ending { lostBytes = lost }
    }

    private mutating func add(_ event: HistoryEvent, _ open: inout [AttemptNumber: Operation.Kind])
    {
        count(event.sequence.rawValue, at: UInt128(event.time.rawValue))
        switch event.content {
        case .invoke(let invocation):
            let kind = invocation.operation.kind
            open[invocation.attempt] = kind
            update(kind.rawValue) { $0.asked += 1 }
        case .complete(let attempt, let outcome):
            let name = open.removeValue(forKey: attempt)?.rawValue ?? "never asked"
            learn(outcome)
            update(name) { row in
                switch outcome {
                case .committed, .ticked, .read: row.succeeded += 1
                case .refused: row.refused += 1
                case .failed: row.failed += 1
                case .ambiguous: row.ambiguous += 1
                }
            }
        case .fault(let fault):
            let place = faultPlaces[fault.kind] ?? faults.count
            if place == faults.count {
                faultPlaces[fault.kind] = place
                faults.append(FaultRow(kind: fault.kind))
            }
            switch fault.phase {
            case .begin: faults[place].begun += 1
            case .end: faults[place].ended += 1
            }
        case .note: notes += 1
        }
    }

    private mutating func add(_ event: TextEvent) {
        count(event.sequence, at: event.timeMillis &* 1_000_000)
        if case .committedWrite(let lsn, _) = event.outcome { learn(lsn) }
        update(event.operation.kind.rawValue) { row in
            row.asked += 1
            switch event.outcome {
            case .committedWrite, .readOK: row.succeeded += 1
            case .definiteFailure: row.failed += 1
            case .ambiguous: row.ambiguous += 1
            }
        }
    }

    private mutating func count(_ sequence: UInt64, at time: UInt128) {
        eventCount += 1
        let low = min(sequences?.lowerBound ?? sequence, sequence)
        sequences = low...max(sequences?.upperBound ?? sequence, sequence)
        earliest = min(earliest, time)
        latest = max(latest, time)
    }

    private mutating func learn(_ outcome: Outcome) {
        switch outcome {
        case .committed(let lsn, _, _), .refused(let lsn, _, _), .ticked(_, let lsn?): learn(lsn)
        case .ticked(_, nil), .read, .failed, .ambiguous: break
        }
    }

    private mutating func learn(_ lsn: LSN) { lastLSN = max(lastLSN ?? lsn, lsn) }

    private mutating func update(_ name: String, _ body: (inout Row) -> Void) {
        let place = places[name] ?? rows.count
        if place == rows.count {
            places[name] = place
            rows.append(Row(operation: name))
        }
        body(&rows[place])
    }
}
