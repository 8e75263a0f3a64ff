/// Makes operations out of Jepsen's entries: an invocation and its completion by the same process.
/// The order of entries is their time. `ok` is an answer, `fail` means that nothing happened, and
/// `info`, or no completion, that nobody knows.
struct OperationAssembler {
    /// Whether a failed compare-and-set tells that the comparison failed, and not only that
    /// nothing happened.
    var failedComparisonIsAnswer = false

    private let bytes: [UInt8]
    private let kind: ModelKind
    private var operations: [Operation?] = []
    private var open: [Int32: Int] = [:]
    private var keys: [String] = []
    private var keyNumbers: [String: Int32] = [:]
    private var values = ValueTable()
    private var time: Int64 = 0
    private var line: Int32 = 1
    private var countedTo = 0

    init(_ bytes: [UInt8], kind: ModelKind) {
        self.bytes = bytes
        self.kind = kind
    }

    func finish() -> OperationHistory {
        OperationHistory(
            operations: operations.compactMap { $0 }, keys: keys.isEmpty ? [""] : keys,
            values: values)
    }

    private func error(
        _ problem: HistoryReadError.Problem, at datum: Datum
    ) -> HistoryReadError {
        HistoryReadError(problem, at: datum.offset, in: bytes)
    }

    mutating func add(_ entry: Datum) throws(HistoryReadError) {
        guard case .map = entry.form else {
            throw error(.expected("an operation: a map with type, process, f and value"), at: entry)
        }
        guard let process = entry["process"] else {
            throw error(.expected("a process"), at: entry)
        }
        if process.text == "nemesis" { return }
        guard case .integer(let wide) = process.form, let number = Int32(exactly: wide) else {
            throw error(.expected("a process number of 32 bits, or nemesis"), at: process)
        }
        guard let type = entry["type"] else { throw error(.expected("a type"), at: entry) }
        guard let word = entry["f"] else { throw error(.expected("a function: f"), at: entry) }
        guard let function = word.text.flatMap({ Function.words[$0] }),
            kind.does(function)
        else { throw error(.unknownFunction(word.text ?? "", model: kind), at: word) }
        let value = entry["value"] ?? Datum(form: .nothing, offset: entry.offset)
        time += 1
        countLines(to: entry.offset)
        switch type.text {
        case "invoke": try invoke(number, function, value, at: entry)
        case "ok": try complete(number, function, value, at: entry)
        case "fail": try fail(number, function, at: entry)
        case "info": _ = try close(number, function, at: entry)
        default: throw error(.expected("invoke, ok, fail or info"), at: type)
        }
    }

    private mutating func countLines(to offset: Int) {
        for place in countedTo..<max(countedTo, offset) where bytes[place] == UInt8(ascii: "\n") {
            line &+= 1
        }
        countedTo = max(countedTo, offset)
    }

    private mutating func invoke(
        _ process: Int32, _ function: Function, _ value: Datum, at entry: Datum
    ) throws(HistoryReadError) {
        if let busy = open[process] {
            let since = operations[busy].map { Int($0.line) } ?? 0
            throw error(.stillOpen(process: process, line: since), at: entry)
        }
        guard operations.count < HistoryFormat.operationLimit else {
            throw error(.tooLarge(limit: HistoryFormat.operationLimit), at: entry)
        }
        let (key, argument) = try keyAndValue(value)
        var operation = Operation(
            process: process, key: key, line: line, function: function, outcome: .unknown,
            first: .none, second: .none, result: .none, invoked: time, returned: Operation.never)
        switch function {
        case .compareAndSet:
            guard let pair = argument.list, pair.count == 2 else {
                throw error(.expected("the old and the new value"), at: argument)
            }
            operation.first = try self.value(pair[0])
            operation.second = try self.value(pair[1])
        case .write, .enqueue, .add, .remove: operation.first = try self.value(argument)
        case .release where kind == .lease:
            guard case .integer = argument.form else {
                throw error(.expected("the token that is released"), at: argument)
            }
            operation.first = try self.value(argument)
        case .read, .delete, .acquire, .release, .dequeue: break
        }
        open[process] = operations.count
        operations.append(operation)
    }

    private mutating func close(
        _ process: Int32, _ function: Function, at entry: Datum
    ) throws(HistoryReadError) -> Int {
        guard let index = open[process] else {
            throw error(.nothingOpen(process: process), at: entry)
        }
        if let invoked = operations[index]?.function, invoked != function {
            throw error(.differentFunction(function, invoked: invoked), at: entry)
        }
        open[process] = nil
        return index
    }

    private mutating func fail(
        _ process: Int32, _ function: Function, at entry: Datum
    ) throws(HistoryReadError) {
        let index = try close(process, function, at: entry)
        if failedComparisonIsAnswer, function == .compareAndSet {
            operations[index]?.outcome = .refused
            operations[index]?.returned = time
        } else {
            operations[index] = nil
        }
    }

    private mutating func complete(
        _ process: Int32, _ function: Function, _ value: Datum, at entry: Datum
    ) throws(HistoryReadError) {
        let index = try close(process, function, at: entry)
        let (key, answer) = try keyAndValue(value)
        if kind.isPartitioned, let invoked = operations[index]?.key, invoked != key {
            throw error(.expected("the key that was invoked: \(keys[Int(invoked)])"), at: value)
        }
        var outcome = Operation.Outcome.succeeded
        var result = Value.none
        switch function {
        case .compareAndSet, .release: if answer.form == .truth(false) { outcome = .refused }
        case .acquire where kind == .mutex:
            if answer.form == .truth(false) { outcome = .refused }
        case .acquire, .dequeue:
            result = try self.value(answer)
            if result == .none { outcome = .refused }
        case .read: result = try self.value(answer)
        case .write, .delete, .enqueue, .add, .remove: break
        }
        operations[index]?.outcome = outcome
        operations[index]?.result = result
        operations[index]?.returned = time
    }

    /// Where keys matter a value is a pair: the key and the rest.
    private mutating func keyAndValue(
        _ value: Datum
    ) throws(HistoryReadError) -> (key: Int32, value: Datum) {
        guard kind.isPartitioned else { return (0, value) }
        guard let pair = value.list, pair.count == 2 else {
            throw error(.expected("a pair of a key and a value"), at: value)
        }
        // Two steps: the table that describes it must be the one that holds it.
        let keyValue = try self.value(pair[0])
        let name = values.describe(keyValue)
        if let known = keyNumbers[name] { return (known, pair[1]) }
        let number = Int32(keys.count)
        keys.append(name)
        keyNumbers[name] = number
        return (number, pair[1])
    }

    private mutating func value(_ datum: Datum) throws(HistoryReadError) -> Value {
        switch datum.form {
        case .nothing: return .none
        case .truth(let flag): return values.value(flag ? "true" : "false")
        case .integer(let number): return Value(number) ?? values.value("\(number)")
        case .text(let text): return values.value(text)
        case .list(let elements):
            var list: [Value] = []
            for element in elements { list.append(try value(element)) }
            return values.value(list)
        case .map: throw error(.expected("a value that is no map"), at: datum)
        }
    }
}
