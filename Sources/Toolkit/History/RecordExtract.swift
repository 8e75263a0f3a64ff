/// What an extract of a record says about all that it leaves out: enough for a judge to find in it
/// what was found in the whole, and nothing else (`analyze --extract`).
public struct RecordExtract: Hashable, Sendable {
    /// A stretch of the log whose commands are left out. Each was answered, and behind the stretch
    /// everything that the extract names is as it was in front of it, but for `changes`.
    public struct LeftOut: Hashable, Sendable {
        public let first: LSN
        public let last: LSN
        /// The log had at least reached this slot behind the stretch.
        public let slot: Slot?
        /// Resources that were granted and given back in the stretch.
        public let changes: [Change]

        public init(first: LSN, last: LSN, slot: Slot?, changes: [Change] = []) {
            self.first = first
            self.last = last
            self.slot = slot
            self.changes = changes
        }
    }

    /// How often a resource changed its state, which counts its version up.
    public struct Change: Hashable, Sendable {
        public let resource: ResourceID
        public let count: UInt64

        public init(_ resource: ResourceID, count: UInt64) {
            self.resource = resource
            self.count = count
        }
    }

    /// How many events the whole record has.
    public var wholeCount: UInt64
    /// Whether nothing is missing between the first event and the last.
    public var isContiguous: Bool
    /// Whether, at LSNs that no client was told of, something may stand that belongs to what was
    /// left out, and changes nothing that the extract names.
    public var mayHideEffects: Bool
    /// Ascending, without overlap.
    public var leftOut: [LeftOut]

    public init(
        of wholeCount: UInt64, isContiguous: Bool = false, mayHideEffects: Bool = false,
        leftOut: [LeftOut] = []
    ) {
        self.wholeCount = wholeCount
        self.isContiguous = isContiguous
        self.mayHideEffects = mayHideEffects
        self.leftOut = leftOut
    }

    /// The stretch in which an LSN lies.
    public func stretch(at lsn: LSN) -> LeftOut? {
        var low = 0
        var high = leftOut.count
        while low < high {
            let middle = (low + high) / 2
            if leftOut[middle].last < lsn { low = middle + 1 } else { high = middle }
        }
        // A header that somebody wrote by hand need not be in order.
        guard low < leftOut.count, leftOut[low].first <= lsn, lsn <= leftOut[low].last else {
            return nil
        }
        return leftOut[low]
    }
}
