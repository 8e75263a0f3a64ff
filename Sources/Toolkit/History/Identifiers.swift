/// The names of things in a record. They are the history's own types, written from the
/// specification and not shared with the engine: the judge does not borrow the accused's code.
public protocol HistoryNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    associatedtype RawValue: FixedWidthInteger & UnsignedInteger & Sendable
    var rawValue: RawValue { get }
    init(_ rawValue: RawValue)
}

extension HistoryNumber {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

public struct ResourceID: HistoryNumber {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

public struct ReservationID: HistoryNumber {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

public struct HolderID: HistoryNumber {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// One logical command: attempts that share it fold into one.
public struct OperationID: HistoryNumber {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

public struct LSN: HistoryNumber {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

public struct Slot: HistoryNumber {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

public struct LeaseEpoch: HistoryNumber {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

public struct ReplicaID: HistoryNumber {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
