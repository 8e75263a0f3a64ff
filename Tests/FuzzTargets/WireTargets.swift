import ByteCoding
import ClusterProtocol
import LeaseKernel

extension FuzzTarget {
    /// What comes over sockets.
    static let wireTargets = [
        FuzzTarget("client-wire", clientWire),
        FuzzTarget("control-wire", controlWire),
        FuzzTarget("peer-wire", peerWire),
    ]

    /// Requests and responses have exactly one encoding; commands have one besides that of older
    /// clients.
    private static func clientWire(_ bytes: [UInt8]) throws {
        guard let input = ChosenInput(bytes, of: 4) else { return }
        switch input.choice {
        case 0:
            guard let request = try? ClientRequest(decoding: input.rest) else { return }
            try expectSame(try request.encoded(), input.rest, "a request has one encoding")
        case 1:
            let reply = ClientReply(bytes: input.rest)
            switch reply {
            case .response(let response):
                try expectSame(try response.encoded(), input.rest, "a response has one encoding")
            case .text(let text):
                try expectSame(TextReply(bytes: text.bytes), text, "a refusal is the same again")
            case .empty: try expect(input.rest.isEmpty, "only no bytes are an empty reply")
            case .undecodable: break
            }
        case 2:
            guard let command = try? CommandCodec.decodeClient(input.rest) else { return }
            try expectSame(
                try CommandCodec.decodeClient(CommandCodec.encode(command)), command,
                "a command written again is the same")
        default:
            guard let command = try? CommandCodec.decodeInternal(input.rest) else { return }
            try expectSame(
                try CommandCodec.decodeInternal(CommandCodec.encode(command)), command,
                "a bare command written again is the same")
        }
    }

    private static func controlWire(_ bytes: [UInt8]) throws {
        if let request = try? ControlRequest(decoding: bytes) {
            try expectSame(
                try ControlRequest(decoding: request.bytes), request,
                "a control word sent again is the same")
        }
        if let fields = try? ControlReply.fields(of: bytes) {
            let again = try ControlReply.fields(of: ControlReply.bytes(fields))
            try expectSame(again.map(\.key), fields.map(\.key), "a reply has the same fields again")
            try expectSame(
                again.map(\.value), fields.map(\.value), "a reply has the same values again")
        }
        if let status = try? StatusReply(decoding: bytes) {
            try expectSame(
                try StatusReply(decoding: status.bytes), status, "a status sent again is the same")
        }
    }

    private static func peerWire(_ bytes: [UInt8]) throws {
        guard let input = ChosenInput(bytes, of: 5) else { return }
        switch input.choice {
        case 0:
            let rest = input.rest
            guard let message = try? PeerMessageCodec.decode(rest, in: rest.indices) else { return }
            var writer = ByteWriter()
            PeerMessageCodec.encode(message, to: &writer)
            try expectSame(
                try PeerMessageCodec.decode(writer.bytes, in: writer.bytes.indices), message,
                "a message sent again is the same")
            try expectSame(
                try messages(PeerFrame.encode(message), inPieces: true), [message],
                "a framed message is the message")
        case 1:
            guard let whole = try? messages(input.rest, inPieces: false) else { return }
            try expectSame(
                try messages(input.rest, inPieces: true), whole,
                "a stream fed in pieces is the same stream")
        case 2:
            guard let hello = try? PeerHello(input.rest) else { return }
            try expectSame(
                hello.encode(), Array(input.rest.prefix(PeerHello.encodedLength)),
                "a greeting has one encoding")
        case 3:
            guard let request = try? ReplicaRequest(decoding: input.rest) else { return }
            try expectSame(request.encoded(), input.rest, "a replica's request has one encoding")
        default:
            guard let reply = try? ReplicaReply(decoding: input.rest) else { return }
            try expectSame(reply.bytes, input.rest, "a replica's reply has one encoding")
        }
    }

    private static func messages(_ bytes: [UInt8], inPieces: Bool) throws -> [PeerMessage] {
        var reader = PeerFrameReader()
        var messages: [PeerMessage] = []
        var start = 0
        while start < bytes.count {
            let end = inPieces ? min(bytes.count, start + 1 + Int(bytes[start] % 31)) : bytes.count
            reader.feed(bytes[start..<end])
            while let message = try reader.next() { messages.append(message) }
            start = end
        }
        return messages
    }
}
