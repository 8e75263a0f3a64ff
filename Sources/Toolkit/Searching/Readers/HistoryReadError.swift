/// Why a history cannot be read, and where.
public struct HistoryReadError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Problem: Equatable, Sendable {
        case unknownFormat
        case expected(String)
        case tooDeep(limit: Int)
        case tooLarge(limit: Int)
        /// The text ends in the middle of an entry.
        case cutOff
        case unknownFunction(String, model: ModelKind)
        case stillOpen(process: Int32, line: Int)
        case nothingOpen(process: Int32)
        case differentFunction(Function, invoked: Function)
        case returnsBeforeCall
    }

    public var problem: Problem
    /// From 1.
    public var line: Int
    /// In bytes, from 1.
    public var column: Int
    /// The line itself, or the part of it around the column.
    public var excerpt: String
    var caret: Int

    static let excerptLimit = 100

    init(_ problem: Problem, at offset: Int, in bytes: [UInt8]) {
        self.problem = problem
        let offset = min(offset, bytes.count)
        var start = offset
        while start > 0, bytes[start - 1] != UInt8(ascii: "\n") { start -= 1 }
        var end = offset
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        line = bytes[..<start].reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        column = offset - start + 1
        let from = max(start, offset - Self.excerptLimit / 2)
        let part = bytes[from..<min(end, from + Self.excerptLimit)]
        // Only printable ASCII, so that the caret stands where it points.
        excerpt = String(
            decoding: part.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: ".") },
            as: UTF8.self)
        caret = offset - from
    }
}

extension HistoryReadError: CustomStringConvertible {
    public var description: String {
        "line \(line), column \(column): \(words)\n  \(excerpt)\n  "
            + String(repeating: " ", count: caret) + "^"
    }

    private var words: String {
        switch problem {
        case .unknownFormat:
            "neither a Jepsen history in EDN, nor JSON lines, nor an etcd log, nor tab-separated "
                + "operations"
        case .expected(let what): "expected \(what)"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .tooLarge(let limit): "more than \(limit) operations or keys"
        case .cutOff: "the text ends in the middle of an entry"
        case .unknownFunction(let word, let model):
            "`\(word)` is nothing that a \(model.rawValue) does; it does "
                + model.functions.map(\.rawValue).sorted().joined(separator: ", ")
        case .stillOpen(let process, let line):
            "process \(process) is still busy with its operation of line \(line)"
        case .nothingOpen(let process): "process \(process) has nothing open that could end"
        case .differentFunction(let function, let invoked):
            "ends a \(function.rawValue), but a \(invoked.rawValue) was invoked"
        case .returnsBeforeCall: "the operation returns before it is called"
        }
    }
}
