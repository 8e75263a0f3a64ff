/// A queue that gives back what was put in first, first.
public struct QueueModel: SequentialModel {
    /// A call on a queue, with its answer.
    public enum Call: Hashable, Sendable {
        case enqueue(Value)
        /// What was taken; `Value.none` when the queue was empty.
        case dequeue(Value)
        case dequeueUnanswered
    }

    public init() {}
    public var initial: [Value] { [] }

    public func apply(_ call: Call, to state: [Value]) -> [Value]? {
        switch call {
        case .enqueue(let value): state + [value]
        case .dequeue(.none): state.isEmpty ? state : nil
        case .dequeue(let value): state.first == value ? Array(state.dropFirst()) : nil
        case .dequeueUnanswered: Array(state.dropFirst())
        }
    }

    public func onlyObserves(_ call: Call) -> Bool { call == .dequeue(.none) }
    public func heapBytes(of state: [Value]) -> Int { 64 + state.count * 8 }
}

extension QueueModel: RecordedModel {
    func call(of operation: Operation, _ values: ValueTable) -> Call? {
        switch (operation.function, operation.outcome) {
        case (.enqueue, .succeeded), (.enqueue, .unknown): .enqueue(operation.first)
        case (.dequeue, .succeeded): .dequeue(operation.result)
        case (.dequeue, .refused): .dequeue(.none)
        case (.dequeue, .unknown): .dequeueUnanswered
        case (.enqueue, .refused), (.read, _), (.write, _), (.delete, _), (.compareAndSet, _),
            (.acquire, _), (.release, _), (.add, _), (.remove, _):
            nil
        }
    }

    func words(for state: [Value], _ values: ValueTable) -> String {
        "[" + state.map { values.describe($0) }.joined(separator: " ") + "]"
    }
}
