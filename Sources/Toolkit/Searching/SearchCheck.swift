/// What kind of object a history is of.
public enum ModelKind: String, Sendable, CaseIterable {
    /// Read and write; compare-and-set is understood as well.
    case register
    case compareAndSetRegister = "cas-register"
    /// Registers by key.
    case keyValue = "kv"
    case mutex
    /// Leases by key.
    case lease
    case queue = "fifo-queue"
    case set

    /// Whether Jepsen's entries hold a key with each value.
    public var isPartitioned: Bool {
        switch self {
        case .keyValue, .lease: true
        case .register, .compareAndSetRegister, .mutex, .queue, .set: false
        }
    }

    /// Whether such an object is asked to do this.
    public func does(_ function: Function) -> Bool {
        switch (self, function) {
        case (.register, .read), (.register, .write), (.register, .compareAndSet),
            (.compareAndSetRegister, .read), (.compareAndSetRegister, .write),
            (.compareAndSetRegister, .compareAndSet),
            (.keyValue, .read), (.keyValue, .write), (.keyValue, .compareAndSet),
            (.keyValue, .delete),
            (.mutex, .acquire), (.mutex, .release),
            (.lease, .acquire), (.lease, .release), (.lease, .read),
            (.queue, .enqueue), (.queue, .dequeue),
            (.set, .add), (.set, .remove), (.set, .read):
            true
        case (.register, _), (.compareAndSetRegister, _), (.keyValue, _), (.mutex, _), (.lease, _),
            (.queue, _), (.set, _):
            false
        }
    }

    public var functions: [Function] { Function.allCases.filter(does) }
}

/// A model that recorded operations can be calls of.
protocol RecordedModel: SequentialModel {
    /// Nil when the model knows no such operation.
    func call(of operation: Operation, _ values: ValueTable) -> Call?
    func words(for state: State, _ values: ValueTable) -> String
}

/// What a search check found, and how large it became.
public struct SearchReport: Sendable {
    public var verdict: SearchVerdict
    /// Where the verdict comes from, among `OperationHistory.keys`.
    public var key: Int?
    public var partitions: Int
    public var partitionsDone: Int
    public var largestFrontier: Int
}

/// A history that does not fit the model.
public struct SearchError: Error, CustomStringConvertible, Equatable {
    public var line: Int
    public var function: Function
    public var model: ModelKind

    public var description: String {
        "line \(line): \(function.rawValue) with this outcome is nothing that a "
            + "\(model.rawValue) does"
    }
}

/// Linearizability of a recorded history: the search check of docs/reference/search.md.
public enum SearchCheck {
    /// Searches each key alone: objects do not depend on each other. Of several violations the earliest in
    /// real time is reported; a violation stays one when the budget ends elsewhere.
    public static func check(
        _ history: OperationHistory, kind: ModelKind, limits: SearchLimits = .init()
    ) throws(SearchError) -> SearchReport {
        let budget = Budget(limits)
        return switch kind {
        case .register, .compareAndSetRegister, .keyValue:
            try check(history, kind, RegisterModel(), budget)
        case .mutex: try check(history, kind, MutexModel(), budget)
        case .lease: try check(history, kind, LeaseModel(), budget)
        case .queue: try check(history, kind, QueueModel(), budget)
        case .set: try check(history, kind, SetModel(), budget)
        }
    }

    private static func check<Model: RecordedModel>(
        _ history: OperationHistory, _ kind: ModelKind, _ model: Model, _ budget: Budget
    ) throws(SearchError) -> SearchReport {
        let partitions = Partitions(history)
        var report = SearchReport(
            verdict: .linearizable, key: nil, partitions: partitions.count, partitionsDone: 0,
            largestFrontier: 0)
        for index in 0..<partitions.count {
            let members = partitions[index]
            let table = ModelTable(model) { model.words(for: $0, history.values) }
            let input = try input(members, history, kind, model, table)
            let bytes = members.count * MemoryLayout<SearchInput.Entry>.stride + table.callBytes
            budget.touched(bytes)
            defer { budget.touched(-bytes) }
            let found = LinearizabilitySearch.search(input, table, budget)
            report.largestFrontier = max(report.largestFrontier, found.largestFrontier)
            let key = members.first.map { Int(history.operations[Int($0)].key) }
            let verdict = found.verdict.renaming { Int(members[members.startIndex + $0]) }
            report.add(verdict, key: history.keys.count > 1 ? key : nil, history)
            guard case .unknown(let exhaustion) = verdict else {
                report.partitionsDone += 1
                continue
            }
            if exhaustion.budget == .time { break }
        }
        return report
    }

    private static func input<Model: RecordedModel>(
        _ members: ArraySlice<Int32>, _ history: OperationHistory, _ kind: ModelKind,
        _ model: Model, _ table: ModelTable<Model>
    ) throws(SearchError) -> SearchInput {
        var entries: [SearchInput.Entry] = []
        entries.reserveCapacity(members.count)
        for member in members {
            let operation = history.operations[Int(member)]
            // Nobody saw what it read.
            if operation.function == .read, operation.outcome == .unknown {
                entries.append(.ignored(at: operation.invoked))
                continue
            }
            guard kind.does(operation.function),
                let call = model.call(of: operation, history.values)
            else {
                throw SearchError(
                    line: Int(operation.line), function: operation.function, model: kind)
            }
            entries.append(
                SearchInput.Entry(
                    call: table.number(of: call), invoked: operation.invoked,
                    returned: operation.outcome == .unknown ? .max : operation.returned))
        }
        return SearchInput(entries: entries)
    }
}

extension SearchReport {
    fileprivate mutating func add(
        _ verdict: SearchVerdict, key: Int?, _ history: OperationHistory
    ) {
        switch (self.verdict, verdict) {
        case (_, .linearizable), (.notLinearizable, .unknown), (.unknown, .unknown): return
        case (.notLinearizable(let earlier), .notLinearizable(let later)):
            let operations = history.operations
            guard operations[later.operation].returned < operations[earlier.operation].returned
            else { return }
        case (.linearizable, .unknown), (.linearizable, .notLinearizable),
            (.unknown, .notLinearizable):
            break
        }
        self.verdict = verdict
        self.key = key
    }
}

/// The operations of each key, in order.
private struct Partitions {
    private var members: [Int32]
    private var starts: [Int]

    var count: Int { starts.count - 1 }
    subscript(_ index: Int) -> ArraySlice<Int32> { members[starts[index]..<starts[index + 1]] }

    init(_ history: OperationHistory) {
        let operations = history.operations
        starts = [Int](repeating: 0, count: history.keys.count + 1)
        for operation in operations { starts[Int(operation.key) + 1] += 1 }
        for key in history.keys.indices { starts[key + 1] += starts[key] }
        var places = starts
        members = [Int32](repeating: 0, count: operations.count)
        for (index, operation) in operations.enumerated() {
            members[places[Int(operation.key)]] = Int32(index)
            places[Int(operation.key)] += 1
        }
    }
}
