/// A value with the fixed textual form that daemons send and print (replica.md 2), for example
/// `Lsn(5)` or `PrepareOrderMismatch { expected_lsn: Lsn(2), found_lsn: Lsn(3) }`. Replies are
/// compared byte by byte, so the form is part of the protocol.
public protocol DebugTextual {
    var debugText: String { get }
}

extension LSN: DebugTextual {
    public var debugText: String { "Lsn(\(rawValue))" }
}

extension Slot: DebugTextual {
    public var debugText: String { "Slot(\(rawValue))" }
}

extension ReplicaID: DebugTextual {
    public var debugText: String { "ReplicaId(\(rawValue))" }
}

extension View: DebugTextual {
    public var debugText: String { String(rawValue) }
}

extension ShardID: DebugTextual {
    public var debugText: String { String(rawValue) }
}

extension ReplicaRole: DebugTextual {
    public var debugText: String {
        switch self {
        case .primary: "Primary"
        case .backup: "Backup"
        case .viewUncertain: "ViewUncertain"
        case .recovering: "Recovering"
        case .faulted: "Faulted"
        }
    }
}

extension UInt64: DebugTextual {
    public var debugText: String { String(self) }
}

extension Int: DebugTextual {
    public var debugText: String { String(self) }
}

extension Optional: DebugTextual where Wrapped: DebugTextual {
    public var debugText: String {
        switch self {
        case .none: "None"
        case .some(let value): "Some(\(value.debugText))"
        }
    }
}

extension UInt32: DebugTextual {
    public var debugText: String { String(self) }
}
