/// One lease with fencing tokens. Each grant has the next token: 1, 2, 3, and so on, so that a
/// token never returns. An acquire while it is held is refused; a release takes effect only with
/// the holder's token.
public struct LeaseModel: SequentialModel {
    /// The token of the holder, 0 when nobody holds it, and the latest token given out.
    public struct State: Hashable, Sendable {
        public var holder: Int64
        public var latest: Int64
    }

    /// A call on a lease; answers are nil when unknown.
    public enum Call: Hashable, Sendable {
        /// The token, 0 when refused.
        case acquire(token: Int64?)
        case release(token: Int64, succeeded: Bool?)
        /// The holder's token, 0 when there is none.
        case read(Int64)
    }

    public init() {}
    public var initial: State { State(holder: 0, latest: 0) }

    public func apply(_ call: Call, to state: State) -> State? {
        switch call {
        case .acquire(nil):
            return state.holder == 0 ? granted(after: state) : state
        case .acquire(0):
            return state.holder == 0 ? nil : state
        case .acquire(let token):
            let next = granted(after: state)
            return state.holder == 0 && token == next.latest ? next : nil
        case .release(let token, let succeeded):
            let isHolder = state.holder != 0 && state.holder == token
            if let succeeded, succeeded != isHolder { return nil }
            return isHolder ? State(holder: 0, latest: state.latest) : state
        case .read(let holder):
            return holder == state.holder ? state : nil
        }
    }

    private func granted(after state: State) -> State {
        State(holder: state.latest &+ 1, latest: state.latest &+ 1)
    }

    public func onlyObserves(_ call: Call) -> Bool {
        switch call {
        case .read, .acquire(0), .release(_, false): true
        case .acquire, .release: false
        }
    }
}

extension LeaseModel: RecordedModel {
    func call(of operation: Operation, _ values: ValueTable) -> Call? {
        switch operation.function {
        case .acquire:
            switch operation.outcome {
            case .unknown: return .acquire(token: nil)
            case .refused: return .acquire(token: 0)
            case .succeeded:
                // A token below 1 cannot be granted; no state has it.
                guard let token = operation.result.number, token > 0 else {
                    return .acquire(token: -1)
                }
                return .acquire(token: token)
            }
        case .release:
            return .release(
                token: operation.first.number ?? 0, succeeded: operation.outcome.succeeded)
        case .read:
            return .read(operation.result == .none ? 0 : operation.result.number ?? -1)
        case .write, .delete, .compareAndSet, .enqueue, .dequeue, .add, .remove: return nil
        }
    }

    func words(for state: State, _ values: ValueTable) -> String {
        state.holder == 0 ? "free after token \(state.latest)" : "held with token \(state.holder)"
    }
}
