/// One register with read, write and compare-and-set; `nil` before the first write.
public struct RegisterModel: SequentialModel {
    /// A call on a register, with its answer.
    public enum Call: Hashable, Sendable {
        case read(Value)
        case write(Value)
        /// `succeeded` is nil when the answer is unknown.
        case compareAndSet(from: Value, to: Value, succeeded: Bool?)
    }

    public init() {}
    public var initial: Value { .none }

    public func apply(_ call: Call, to state: Value) -> Value? {
        switch call {
        case .read(let value): value == state ? state : nil
        case .write(let value): value
        case .compareAndSet(let from, let to, nil): from == state ? to : state
        case .compareAndSet(let from, let to, true): from == state ? to : nil
        case .compareAndSet(let from, _, false): from == state ? nil : state
        }
    }

    public func onlyObserves(_ call: Call) -> Bool {
        switch call {
        case .read, .compareAndSet(_, _, false): true
        case .write: false
        case .compareAndSet(let from, let to, _): from == to
        }
    }
}

extension RegisterModel: RecordedModel {
    func call(of operation: Operation, _ values: ValueTable) -> Call? {
        let outcome = operation.outcome
        return switch operation.function {
        case .read: .read(operation.result)
        case .write where outcome != .refused: .write(operation.first)
        case .delete where outcome != .refused: .write(.none)
        case .compareAndSet:
            .compareAndSet(
                from: operation.first, to: operation.second, succeeded: outcome.succeeded)
        case .write, .delete, .acquire, .release, .enqueue, .dequeue, .add, .remove: nil
        }
    }

    func words(for state: Value, _ values: ValueTable) -> String { values.describe(state) }
}
