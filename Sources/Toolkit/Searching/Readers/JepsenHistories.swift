/// Reads Jepsen's `history.edn`: operations as maps, one after the other or in one vector.
enum EDNHistory {
    static func read(
        _ bytes: [UInt8], kind: ModelKind
    ) throws(HistoryReadError) -> OperationHistory {
        var parser = EDNParser(bytes)
        var assembler = OperationAssembler(bytes, kind: kind)
        try parser.skipBlanks()
        let isVector = parser.peek == UInt8(ascii: "[") || parser.peek == UInt8(ascii: "(")
        let closing = parser.peek == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: ")")
        if isVector { parser.skip() }
        while true {
            try parser.skipBlanks()
            guard let byte = parser.peek else {
                if isVector { throw parser.error(.cutOff) }
                return assembler.finish()
            }
            if isVector, byte == closing {
                parser.skip()
                try parser.skipBlanks()
                guard parser.peek == nil else {
                    throw parser.error(.expected("nothing after the history"))
                }
                return assembler.finish()
            }
            try assembler.add(try parser.datum())
        }
    }
}

/// Reads one JSON object per line, with the fields that Jepsen's operations have.
enum JSONLinesHistory {
    static func read(
        _ bytes: [UInt8], kind: ModelKind
    ) throws(HistoryReadError) -> OperationHistory {
        var parser = JSONParser(bytes)
        var assembler = OperationAssembler(bytes, kind: kind)
        parser.skipBlanks()
        while parser.peek != nil {
            try assembler.add(try parser.datum())
            parser.skipBlanks()
        }
        return assembler.finish()
    }
}

/// Reads what Jepsen's etcd test logged: `INFO  jepsen.util - PROCESS :TYPE :FUNCTION VALUE`. A
/// failed compare-and-set is a definite answer of etcd there: the comparison failed.
enum EtcdLog {
    private static let mark = Array("jepsen.util - ".utf8)

    static func read(
        _ bytes: [UInt8], kind: ModelKind
    ) throws(HistoryReadError) -> OperationHistory {
        var assembler = OperationAssembler(bytes, kind: kind)
        assembler.failedComparisonIsAnswer = true
        var start = 0
        while start < bytes.count {
            guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else {
                throw HistoryReadError(.cutOff, at: bytes.count, in: bytes)
            }
            try readLine(bytes, start, end, &assembler)
            start = end + 1
        }
        return assembler.finish()
    }

    private static func readLine(
        _ bytes: [UInt8], _ start: Int, _ end: Int, _ assembler: inout OperationAssembler
    ) throws(HistoryReadError) {
        let prefix = Array("INFO".utf8)
        var place = start
        guard bytes[start..<end].starts(with: prefix) else {
            throw HistoryReadError(.expected("INFO  jepsen.util - "), at: start, in: bytes)
        }
        place += prefix.count
        while place < end, bytes[place] == 0x20 { place += 1 }
        guard bytes[place..<end].starts(with: mark) else {
            throw HistoryReadError(.expected("jepsen.util - "), at: place, in: bytes)
        }
        var parser = EDNParser(bytes, from: place + mark.count, to: end)
        let names = ["process", "type", "f", "value"]
        var members: [Datum.Member] = []
        for name in names { members.append(Datum.Member(name: name, value: try parser.datum())) }
        try parser.skipBlanks()
        guard parser.peek == nil else { throw parser.error(.expected("the end of the line")) }
        try assembler.add(Datum(form: .map(members), offset: start))
    }
}
