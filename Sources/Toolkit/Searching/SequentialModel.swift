/// What an object does when it serves one call at a time. A history is linearizable when its calls
/// can be put in an order that respects real time and that such an object could have answered.
public protocol SequentialModel: Sendable {
    associatedtype State: Hashable & Sendable
    /// What was asked together with what was answered. A call whose answer is unknown is legal in
    /// every state.
    associatedtype Call: Hashable & Sendable

    var initial: State { get }
    /// The state after the call, or nil when the recorded answer is impossible in `state`.
    func apply(_ call: Call, to state: State) -> State?
    /// Whether the call leaves *every* state unchanged in which it is legal. A write that happens
    /// to equal the state is no such call: it may be needed later, in another state.
    func onlyObserves(_ call: Call) -> Bool
    /// Roughly the memory that one state holds outside of itself, in bytes.
    func heapBytes(of state: State) -> Int
}

extension SequentialModel {
    public func heapBytes(of state: State) -> Int { 0 }
}

/// A call with its interval. Without an answer it may take effect at any time after `invoked`, or
/// never. Two calls are ordered when one returned strictly before the other was invoked.
public struct TimedCall<Call: Hashable & Sendable>: Sendable {
    public var call: Call
    public var invoked: Int64
    public var returned: Int64?

    public init(_ call: Call, from invoked: Int64, to returned: Int64?) {
        self.call = call
        self.invoked = invoked
        self.returned = returned
    }
}
