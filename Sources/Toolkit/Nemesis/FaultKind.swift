/// The stable name of a kind of fault: in schedules, in records, after `--faults`.
public struct FaultKind: Hashable, Sendable, CustomStringConvertible, Comparable {
    public let name: String

    public init(_ name: String) {
        self.name = name
    }

    public var description: String { name }

    public static func < (left: FaultKind, right: FaultKind) -> Bool { left.name < right.name }
}
