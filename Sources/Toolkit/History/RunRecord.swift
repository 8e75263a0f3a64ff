/// A whole record in memory, as a checker takes it.
///
/// (Not called `History`: a type with the name of its module would hide the module, and with it
/// the way to tell `History.ResourceID` from the engine's.)
public struct RunRecord: Hashable, Sendable {
    public var header: RunHeader
    /// In ascending sequence.
    public var events: [HistoryEvent]
    /// Whether the record ends with the mark that a finished recording writes. A record without
    /// it was cut off: by a kill of the tool, or by a copy taken too early.
    public var isComplete: Bool

    public init(header: RunHeader, events: [HistoryEvent], isComplete: Bool = true) {
        self.header = header
        self.events = events
        self.isComplete = isComplete
    }
}
