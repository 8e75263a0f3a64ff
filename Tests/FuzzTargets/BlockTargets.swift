import BlockServer

extension FuzzTarget {
    /// What clients of a block device send.
    static let blockTargets = [FuzzTarget("block-wire", blockWire)]

    private struct Outcome: Equatable {
        var requests: [BlockRequest] = []
        var output: [UInt8] = []
        var end: NBDConnection.End?
    }

    private static let size = 1 << 16

    /// However the bytes arrive, they mean the same, and no request leads past the disk.
    private static func blockWire(_ bytes: [UInt8]) throws {
        let whole = outcome(bytes, inPieces: false)
        try expectSame(outcome(bytes, inPieces: true), whole, "a client fed in pieces is the same")
        // Flags and a whole option come before the first request.
        try expect(
            whole.requests.isEmpty || bytes.count >= 4 + 16 + 28, "a request needs its bytes")
        for request in whole.requests {
            switch request.operation {
            case .read(let offset, let count):
                try expect(offset >= 0 && count > 0 && offset + count <= size, "\(request)")
            case .write(let offset, let bytes, _):
                try expect(offset >= 0 && offset + bytes.count <= size, "\(request)")
            case .flush: break
            }
        }
    }

    private static func outcome(_ bytes: [UInt8], inPieces: Bool) -> Outcome {
        var connection = NBDConnection(BlockExport(name: "disk", size: size))
        var outcome = Outcome()
        var start = 0
        while start < bytes.count {
            let end = inPieces ? min(bytes.count, start + 1 + Int(bytes[start] % 31)) : bytes.count
            connection.feed(bytes[start..<end])
            while let request = connection.next() {
                outcome.requests.append(request)
                connection.reply(.failed(.inputOutput), to: request.cookie)
            }
            outcome.output += connection.takeOutput()
            start = end
        }
        outcome.end = connection.end
        return outcome
    }
}
