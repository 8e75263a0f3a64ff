/// Reads operations as `generate-search-history.py` writes them, one per line: process, time of
/// call, time of return (-1 when unknown), key, function, two arguments, result. 0 stands for
/// nothing. Functions are `r`, `w`, `c` of registers and `acq`, `rel`, `get` of leases.
enum TabSeparatedHistory {
    static func read(
        _ bytes: [UInt8], kind: ModelKind
    ) throws(HistoryReadError) -> OperationHistory {
        var fields = TabSeparatedFields(bytes)
        var operations: [Operation] = []
        let lines = bytes.reduce(into: 0) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
        guard lines < HistoryFormat.operationLimit else {
            throw HistoryReadError(.tooLarge(limit: HistoryFormat.operationLimit), at: 0, in: bytes)
        }
        operations.reserveCapacity(lines)
        var keys = KeyNumbers()
        while !fields.isAtEnd {
            let line = Int32(operations.count + 1)
            operations.append(try operation(&fields, line: line, &keys, kind))
        }
        return OperationHistory(operations: operations, keys: keys.names, values: ValueTable())
    }

    private struct KeyNumbers {
        var numbers: [Int64: Int32] = [:]
        var names: [String] = []

        mutating func number(of key: Int64) -> Int32 {
            if let known = numbers[key] { return known }
            let number = Int32(names.count)
            numbers[key] = number
            names.append("\(key)")
            return number
        }
    }

    private static func operation(
        _ fields: inout TabSeparatedFields, line: Int32, _ keys: inout KeyNumbers, _ kind: ModelKind
    ) throws(HistoryReadError) -> Operation {
        let process = try fields.number(within: Int32.self)
        let invoked = try fields.number()
        let returnOffset = fields.offset
        let returned = try fields.number()
        let key = keys.number(of: try fields.number())
        let wordOffset = fields.offset
        let function = try fields.function(of: kind)
        let first = try fields.value()
        let second = try fields.value()
        let result = try fields.number(endsLine: true)
        let isUnknown = returned == -1
        guard isUnknown || (returned >= invoked && returned < Operation.never) else {
            throw HistoryReadError(.returnsBeforeCall, at: returnOffset, in: fields.bytes)
        }
        var outcome = Operation.Outcome.succeeded
        switch function {
        case .compareAndSet, .acquire, .release: if result == 0 { outcome = .refused }
        case .read, .write: break
        case .delete, .enqueue, .dequeue, .add, .remove:
            throw HistoryReadError(
                .expected("r, w, c, acq, rel or get"), at: wordOffset, in: fields.bytes)
        }
        if isUnknown { outcome = .unknown }
        let hasResult = !isUnknown && result != 0
        return Operation(
            process: process, key: key, line: line, function: function, outcome: outcome,
            first: first, second: second, result: hasResult ? Value(result) ?? .none : .none,
            invoked: invoked, returned: isUnknown ? Operation.never : returned)
    }
}

/// Goes through the fields of a tab-separated text.
private struct TabSeparatedFields {
    let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    func error(_ problem: HistoryReadError.Problem) -> HistoryReadError {
        let isCut = offset >= bytes.count
        return HistoryReadError(isCut ? .cutOff : problem, at: offset, in: bytes)
    }

    @inline(__always)
    mutating func number(endsLine: Bool = false) throws(HistoryReadError) -> Int64 {
        let start = offset
        var isNegative = false
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") {
            isNegative = true
            offset += 1
        }
        var number: Int64 = 0
        let digits = offset
        while offset < bytes.count {
            let digit = bytes[offset] &- UInt8(ascii: "0")
            if digit > 9 { break }
            // 18 digits always fit.
            guard offset - digits < 18 else {
                throw HistoryReadError(
                    .expected("a number of at most 18 digits"), at: start, in: bytes)
            }
            number = number &* 10 &+ Int64(digit)
            offset += 1
        }
        guard offset > digits else { throw error(.expected("a number")) }
        try end(of: endsLine)
        return isNegative ? -number : number
    }

    mutating func number<Small: FixedWidthInteger>(
        within type: Small.Type
    ) throws(HistoryReadError) -> Small {
        let start = offset
        guard let small = Small(exactly: try number()) else {
            throw HistoryReadError(
                .expected("a number from \(Small.min) to \(Small.max)"), at: start, in: bytes)
        }
        return small
    }

    mutating func value() throws(HistoryReadError) -> Value {
        let number = try number()
        return number == 0 ? .none : Value(number) ?? .none
    }

    mutating func function(of kind: ModelKind) throws(HistoryReadError) -> Function {
        let start = offset
        while offset < bytes.count, bytes[offset] > 0x20 { offset += 1 }
        let function: Function?
        switch (offset - start, start < bytes.count ? bytes[start] : 0) {
        case (1, UInt8(ascii: "r")): function = .read
        case (1, UInt8(ascii: "w")): function = .write
        case (1, UInt8(ascii: "c")): function = .compareAndSet
        default:
            function = Function.words[String(decoding: bytes[start..<offset], as: UTF8.self)]
        }
        guard let function, kind.does(function) else {
            if isAtEnd { throw HistoryReadError(.cutOff, at: offset, in: bytes) }
            let word = String(decoding: bytes[start..<min(offset, start + 32)], as: UTF8.self)
            throw HistoryReadError(.unknownFunction(word, model: kind), at: start, in: bytes)
        }
        try end(of: false)
        return function
    }

    /// A line without its end was cut off, perhaps in the middle of a number.
    private mutating func end(of line: Bool) throws(HistoryReadError) {
        let expected = line ? UInt8(ascii: "\n") : UInt8(ascii: "\t")
        guard offset < bytes.count, bytes[offset] == expected else {
            throw error(.expected(line ? "the end of the line" : "a tab"))
        }
        offset += 1
    }
}
