/// A set whose whole content can be read.
public struct SetModel: SequentialModel {
    /// A call on a set, with its answer.
    public enum Call: Hashable, Sendable {
        case add(Value)
        case remove(Value)
        case read(Set<Value>)
    }

    public init() {}
    public var initial: Set<Value> { [] }

    public func apply(_ call: Call, to state: Set<Value>) -> Set<Value>? {
        switch call {
        case .add(let value): state.union([value])
        case .remove(let value): state.subtracting([value])
        case .read(let content): content == state ? state : nil
        }
    }

    public func onlyObserves(_ call: Call) -> Bool {
        switch call {
        case .read: true
        case .add, .remove: false
        }
    }

    public func heapBytes(of state: Set<Value>) -> Int { 64 + state.count * 16 }
}

extension SetModel: RecordedModel {
    func call(of operation: Operation, _ values: ValueTable) -> Call? {
        switch (operation.function, operation.outcome) {
        case (.add, .succeeded), (.add, .unknown): .add(operation.first)
        case (.remove, .succeeded), (.remove, .unknown): .remove(operation.first)
        case (.read, _): .read(Set(values.list(operation.result)))
        case (.add, .refused), (.remove, .refused), (.write, _), (.delete, _),
            (.compareAndSet, _), (.acquire, _), (.release, _), (.enqueue, _), (.dequeue, _):
            nil
        }
    }

    func words(for state: Set<Value>, _ values: ValueTable) -> String {
        "[" + state.map { values.describe($0) }.sorted().joined(separator: " ") + "]"
    }
}
