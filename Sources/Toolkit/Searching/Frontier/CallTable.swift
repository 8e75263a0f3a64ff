/// States and calls as small numbers: what the search needs to know of a model.
protocol CallTable: AnyObject {
    /// The state's number after the call, or -1.
    func apply(call: Int32, to state: Int32) -> Int32
    func onlyObserves(_ call: Int32) -> Bool
    func describe(state: Int32) -> String
    /// Memory that the numbered states hold, in bytes.
    var stateBytes: Int { get }
    /// Forgets all states but these; returns the new number of each old one.
    func keepStates(_ states: [Int32]) -> [Int32: Int32]
    /// Forgets all states but the initial one, which has the number 0.
    func restart()
}

/// The table of one model.
final class ModelTable<Model: SequentialModel>: CallTable {
    private let model: Model
    private var states: [Model.State] = []
    private var stateNumbers: [Model.State: Int32] = [:]
    private var calls: [Model.Call] = []
    private var callNumbers: [Model.Call: Int32] = [:]
    private(set) var stateBytes = 0
    private let words: (Model.State) -> String

    init(_ model: Model, words: @escaping (Model.State) -> String = { String(describing: $0) }) {
        self.model = model
        self.words = words
        _ = number(of: model.initial)
    }

    func number(of call: Model.Call) -> Int32 {
        if let known = callNumbers[call] { return known }
        let number = Int32(calls.count)
        calls.append(call)
        callNumbers[call] = number
        return number
    }

    /// Memory that the numbered calls hold, in bytes.
    var callBytes: Int { calls.count * (3 * MemoryLayout<Model.Call>.stride + 8) }

    private func number(of state: Model.State) -> Int32 {
        if let known = stateNumbers[state] { return known }
        let number = Int32(states.count)
        states.append(state)
        stateNumbers[state] = number
        stateBytes += model.heapBytes(of: state) + 3 * MemoryLayout<Model.State>.stride + 8
        return number
    }

    func apply(call: Int32, to state: Int32) -> Int32 {
        let before = states[Int(state)]
        guard let after = model.apply(calls[Int(call)], to: before) else { return -1 }
        return after == before ? state : number(of: after)
    }

    func onlyObserves(_ call: Int32) -> Bool { model.onlyObserves(calls[Int(call)]) }
    func describe(state: Int32) -> String { words(states[Int(state)]) }

    func restart() {
        _ = keepStates([])
        _ = number(of: model.initial)
    }

    func keepStates(_ kept: [Int32]) -> [Int32: Int32] {
        let old = states
        states = []
        stateNumbers = [:]
        stateBytes = 0
        var renumbered: [Int32: Int32] = [:]
        for state in kept where renumbered[state] == nil {
            renumbered[state] = number(of: old[Int(state)])
        }
        return renumbered
    }
}

/// Remembers transitions, a bounded number of them.
struct TransitionCache: ~Copyable {
    private struct Entry {
        var state: Int32 = -1
        var call: Int32 = -1
        var next: Int32 = -1
    }

    private static let size = 4096
    private var entries = [Entry](repeating: Entry(), count: size)

    mutating func removeAll() { entries = [Entry](repeating: Entry(), count: Self.size) }

    @inline(__always)
    mutating func next(_ state: Int32, _ call: Int32, _ table: any CallTable) -> Int32 {
        let place = Int(truncatingIfNeeded: state &* 67 &+ call &* 31) & (Self.size - 1)
        let entry = entries[place]
        if entry.state == state && entry.call == call { return entry.next }
        let next = table.apply(call: call, to: state)
        entries[place] = Entry(state: state, call: call, next: next)
        return next
    }
}
