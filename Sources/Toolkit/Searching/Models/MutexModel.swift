/// One lock. Acquiring is right when it is free, releasing when it is held; a refused acquire is
/// right while it is held.
public struct MutexModel: SequentialModel {
    /// A call on a lock; `succeeded` is nil when the answer is unknown.
    public enum Call: Hashable, Sendable {
        case acquire(succeeded: Bool?)
        case release(succeeded: Bool?)
    }

    public init() {}
    public var initial: Bool { false }

    public func apply(_ call: Call, to isHeld: Bool) -> Bool? {
        switch call {
        case .acquire(true): isHeld ? nil : true
        case .acquire(false): isHeld ? true : nil
        case .acquire(nil): true
        case .release(true): isHeld ? false : nil
        case .release(false): isHeld ? nil : false
        case .release(nil): false
        }
    }

    public func onlyObserves(_ call: Call) -> Bool {
        switch call {
        case .acquire(let succeeded), .release(let succeeded): succeeded == false
        }
    }
}

extension MutexModel: RecordedModel {
    func call(of operation: Operation, _ values: ValueTable) -> Call? {
        switch operation.function {
        case .acquire: .acquire(succeeded: operation.outcome.succeeded)
        case .release: .release(succeeded: operation.outcome.succeeded)
        case .read, .write, .delete, .compareAndSet, .enqueue, .dequeue, .add, .remove: nil
        }
    }

    func words(for isHeld: Bool, _ values: ValueTable) -> String { isHeld ? "held" : "free" }
}
