/// What a client asked for.
public enum Function: String, Sendable, CaseIterable {
    case read
    case write
    case compareAndSet = "cas"
    case delete
    case acquire
    case release
    case enqueue
    case dequeue
    case add
    case remove

    /// All words that histories have for it.
    static let words: [String: Function] = [
        "read": .read, "r": .read, "get": .read,
        "write": .write, "w": .write, "put": .write,
        "cas": .compareAndSet, "c": .compareAndSet, "compare-and-set": .compareAndSet,
        "delete": .delete,
        "acquire": .acquire, "acq": .acquire, "lock": .acquire,
        "release": .release, "rel": .release, "unlock": .release,
        "enqueue": .enqueue, "dequeue": .dequeue, "add": .add, "remove": .remove,
    ]
}

/// One operation of a history: who asked what, when, and what was answered.
public struct Operation: Sendable, Equatable {
    /// How it ended. Unknown means never answered: it may take effect at any later time, or never.
    public enum Outcome: UInt8, Sendable {
        case succeeded
        /// A definite answer that it had no effect: a comparison failed, a lease was held, a
        /// queue was empty.
        case refused
        case unknown

        var succeeded: Bool? {
            switch self {
            case .succeeded: true
            case .refused: false
            case .unknown: nil
            }
        }
    }

    public var process: Int32
    /// The key's number in `OperationHistory.keys`.
    public var key: Int32
    /// The line on which it was invoked, from 1.
    public var line: Int32
    public var function: Function
    public var outcome: Outcome
    /// What is written, added, compared with; the token that is released.
    public var first: Value
    /// What is set when the comparison succeeds.
    public var second: Value
    /// What was read, taken or granted.
    public var result: Value
    public var invoked: Int64
    /// `Operation.never` when the outcome is unknown.
    public var returned: Int64

    public static let never = Int64.max
}

/// A recorded history: operations by increasing invocation.
public struct OperationHistory: Sendable {
    public var operations: [Operation]
    /// Names of keys; `Operation.key` counts in it. One empty name when there are no keys.
    public var keys: [String]
    public var values: ValueTable

    public init(operations: [Operation], keys: [String], values: ValueTable) {
        self.operations = operations
        self.keys = keys
        self.values = values
        let isOrdered = operations.indices.dropFirst().allSatisfy {
            operations[$0 - 1].invoked <= operations[$0].invoked
        }
        if !isOrdered {
            self.operations.sort { ($0.invoked, $0.line) < ($1.invoked, $1.line) }
        }
    }

    /// One operation in words: `process 3: write 5, ok (line 17)`.
    public func describe(_ index: Int) -> String {
        let operation = operations[index]
        var words = ["process \(operation.process):", operation.function.rawValue]
        let key = keys[Int(operation.key)]
        if !key.isEmpty { words.append("key \(key)") }
        switch operation.function {
        case .write, .enqueue, .add, .remove, .release:
            words.append(values.describe(operation.first))
        case .compareAndSet:
            words.append(
                "\(values.describe(operation.first)) -> \(values.describe(operation.second))")
        case .read, .delete, .acquire, .dequeue: break
        }
        switch operation.outcome {
        case .unknown: words.append("never answered")
        case .refused: words.append("refused")
        case .succeeded:
            switch operation.function {
            case .read, .dequeue, .acquire: words.append("= \(values.describe(operation.result))")
            case .write, .compareAndSet, .delete, .release, .enqueue, .add, .remove:
                words.append("ok")
            }
        }
        return words.joined(separator: " ") + " (line \(operation.line))"
    }
}
