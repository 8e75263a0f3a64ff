/// The names of things in a record. They are the history's own types, written from the
/// specification and not shared with the engine: the judge does not borrow the accused's code.
public protocol HistoryNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    associatedtype RawValue: FixedWidthInteger & UnsignedInteger & Sendable
    var rawValue: RawValue { get }
    init(_ rawValue: RawValue)
}

extension HistoryNumber {
    @inlinable
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// Something that can be held: a thing that the allocator allocates.
public struct ResourceID: HistoryNumber {
    public let rawValue: UInt128
    @inlinable public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// One lease, from its reservation to its end.
public struct ReservationID: HistoryNumber {
    public let rawValue: UInt128
    @inlinable public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// Who holds, as clients name themselves.
public struct HolderID: HistoryNumber {
    public let rawValue: UInt128
    @inlinable public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// One logical command: attempts that share it fold into one.
public struct OperationID: HistoryNumber {
    public let rawValue: UInt128
    @inlinable public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// The position of a command in the replicated log, from 1.
public struct LSN: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A point in the logical time that commands carry; has no fixed length in seconds.
public struct Slot: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Counts the changes of a lease after which older holders must be turned away.
public struct LeaseEpoch: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One of the processes under test, from 1.
public struct ReplicaID: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// A number of slots: a TTL or a window. Slots have no fixed length in time.
public struct SlotCount: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Position of an event in its record: from 1, without gaps, in the order of recording.
public struct Sequence: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One request that was put on the wire, or at least tried: unique within a run. A retry of the
/// same logical command is a new attempt.
public struct AttemptNumber: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// One fault from its injection to its end: unique within a run.
public struct FaultID: HistoryNumber {
    public let rawValue: UInt64
    @inlinable public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Who did it: a client that does one operation at a time, or the tool itself.
public struct ProcessID: HistoryNumber {
    public let rawValue: UInt32
    @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// Injects faults, writes notes, and asks the questions before and after the load.
    public static let tool = ProcessID(0)
}
