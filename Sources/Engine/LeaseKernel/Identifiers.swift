/// A number that names one kind of thing. Every kind has a type of its own, so that a holder
/// never stands where a resource is meant (lease-kernel.md 2).
public protocol Identifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    associatedtype RawValue: FixedWidthInteger & UnsignedInteger & Sendable
    var rawValue: RawValue { get }
    init(_ rawValue: RawValue)
}

extension Identifier {
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// A thing that can be leased; chosen by the client.
public struct ResourceID: Identifier {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// One lease: shard * 2^64 + LSN of the command that created it (lease-kernel.md 6).
public struct ReservationID: Identifier {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// Who holds a lease; compared for equality only.
public struct HolderID: Identifier {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// One logical command of a client, the key of the dedupe table.
public struct OperationID: Identifier {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// Carried on the wire and in the log; the kernel neither stores nor compares it.
public struct ClientID: Identifier {
    public let rawValue: UInt128
    public init(_ rawValue: UInt128) { self.rawValue = rawValue }
}

/// Position of a command in the log, from 1.
public struct LSN: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Logical time: a number handed in by callers, never read from a clock.
public struct Slot: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// Fencing token of one lease (lease-kernel.md 9).
public struct LeaseEpoch: Identifier {
    public let rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}
