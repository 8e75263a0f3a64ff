import ByteCoding
import ClusterProtocol
import LeaseEngine
import LeaseKernel
import TestSupport
import Testing

@Suite("The client port speaks the published bytes")
struct ClientCodecTests {
    @Test("every request of the golden data")
    func requests() throws {
        let golden = try Vectors.json("api-requests.json")
        let valid = golden["valid"].array
        for value in valid {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            let request = try request(value["decoded"])
            #expect(try request.encoded() == bytes, "\(name)")
            #expect(try ClientRequest(decoding: bytes) == request, "\(name)")
            checkNeighbours(of: bytes, name) { bytes throws(ClientCodecError) in
                _ = try ClientRequest(decoding: bytes)
            }
        }
        let invalid = golden["invalid"].array
        for value in invalid {
            let bytes = try #require(value["hex"].hex)
            expect(value["expect"], value["name"].string ?? "?") { () throws(ClientCodecError) in
                _ = try ClientRequest(decoding: bytes)
            }
        }
        print("api-requests.json: \(valid.count) valid, \(invalid.count) invalid cases")
        #expect([valid.count, invalid.count] == [33, 29])
    }

    @Test("every response of the golden data")
    func responses() throws {
        let golden = try Vectors.json("api-responses.json")
        let valid = golden["valid"].array
        for value in valid {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            let response = try response(value["decoded"])
            #expect(try response.encoded() == bytes, "\(name)")
            #expect(try ClientResponse(decoding: bytes) == response, "\(name)")
            #expect(ClientReply(bytes: bytes) == .response(response), "\(name)")
            checkNeighbours(of: bytes, name) { bytes throws(ClientCodecError) in
                _ = try ClientResponse(decoding: bytes)
            }
        }
        let invalid = golden["invalid"].array
        for value in invalid {
            let bytes = try #require(value["hex"].hex)
            expect(value["expect"], value["name"].string ?? "?") { () throws(ClientCodecError) in
                _ = try ClientResponse(decoding: bytes)
            }
        }
        print("api-responses.json: \(valid.count) valid, \(invalid.count) invalid cases")
        #expect([valid.count, invalid.count] == [134, 35])
    }

    @Test("every text reply of the golden data")
    func textReplies() throws {
        let replies = try Vectors.json("api-responses.json")["text_replies"].array
        for value in replies {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            let reply = try #require(TextReply(bytes: bytes), "\(name)")
            #expect(reply.bytes == bytes, "\(name)")
            #expect(reply.message == value["message"].string, "\(name)")
            #expect(classes[value["class"].string ?? "?"] == reply.caseName, "\(name)")
            #expect(ClientReply(bytes: bytes) == .text(reply), "\(name)")
            expect(value["binary_decode_error"], name) { () throws(ClientCodecError) in
                _ = try ClientResponse(decoding: bytes)
            }
            for length in 1..<bytes.count {
                #expect(
                    ClientReply(bytes: Array(bytes[..<length]))
                        == .undecodable(.invalidResponseTag(115)))
            }
        }
        print("api-responses.json: \(replies.count) text replies")
        #expect(replies.count == 14)
    }

    @Test("a text reply of any kind is read back as itself, and a cut one is ambiguous")
    func textRoundTrip() {
        let replies: [TextReply] =
            ReplicaRole.allCases.map { .notPrimary($0) } + [
                .isolated, .replicaFaulted, .emptyRequest, TextReply(.invalidLayout),
                .requestTooLarge, .requestUnreadable(detail: "x"),
                .protocolError(detail: "A { b }"),
                .commitPublishedNothing(LSN(7)), .commitAppliedNothing(LSN(.max)), .other("hm"),
            ]
        for reply in replies { #expect(TextReply(bytes: reply.bytes) == reply) }
        #expect(TextReply(message: "not primary: role=king") == .other("not primary: role=king"))
        #expect(TextReply(bytes: Array("status=ok\n".utf8)) == nil)
        #expect(ClientReply(bytes: []) == .empty)
        #expect(TextReply.notPrimary(.backup).meaning == .tryAnotherReplica)
        #expect(TextReply.other("?").meaning == .indefinite)
    }

    @Test("a lease with four billion announced members is an error, not memory")
    func memberCount() {
        let lease = LeaseView(
            leaseID: ReservationID(1), holderID: HolderID(1), state: .active, epoch: LeaseEpoch(1),
            createdLSN: LSN(1), deadline: nil, releasedLSN: nil, retireAfter: nil, members: [])
        #expect(throws: ClientCodecError.bufferTooShort) {
            var bytes = try ClientResponse.lease(lease).encoded()
            bytes.replaceSubrange((bytes.count - 4)..., with: [255, 255, 255, 255])
            _ = try ClientResponse(decoding: bytes)
        }
    }

    private let classes = [
        "not_primary": "notPrimary", "isolated": "isolated", "replica_faulted": "replicaFaulted",
        "invalid_request": "invalidRequest", "request_too_large": "requestTooLarge",
        "read_timeout": "requestUnreadable", "protocol_error": "protocolError",
    ]

    /// Every strict prefix is too short, one byte more is left over, and whatever a flipped byte
    /// makes of it, nothing traps.
    private func checkNeighbours(
        of bytes: [UInt8], _ name: String,
        decode: ([UInt8]) throws(ClientCodecError) -> Void
    ) {
        for length in 0..<bytes.count {
            #expect(throws: ClientCodecError.bufferTooShort, "\(name) cut to \(length)") {
                try decode(Array(bytes[..<length]))
            }
        }
        #expect(throws: ClientCodecError.invalidLayout, "\(name)") { try decode(bytes + [0]) }
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x80, 0xff] {
                var flipped = bytes
                flipped[index] ^= mask
                try? decode(flipped)
            }
        }
    }

    private func expect(
        _ expected: JSONValue, _ name: String, decode: () throws(ClientCodecError) -> Void
    ) {
        do {
            try decode()
            Issue.record("\(name): decoded although it should fail")
        } catch {
            #expect(error.name == expected["error"].string, "\(name)")
            switch error {
            case .invalidRequestTag(let tag), .invalidResponseTag(let tag):
                #expect(tag == expected["value"].integer(), "\(name)")
            case .invalidEnumValue(let kind, let value):
                #expect(kind.rawValue == expected["kind"].string, "\(name)")
                #expect(value == expected["value"].integer(), "\(name)")
            case .bufferTooShort, .invalidLayout, .lengthTooLarge: break
            }
        }
    }
}

extension TextReply {
    fileprivate var caseName: String {
        switch self {
        case .notPrimary: "notPrimary"
        case .isolated: "isolated"
        case .replicaFaulted: "replicaFaulted"
        case .emptyRequest, .invalidRequest: "invalidRequest"
        case .requestTooLarge: "requestTooLarge"
        case .requestUnreadable: "requestUnreadable"
        case .protocolError: "protocolError"
        case .commitPublishedNothing, .commitAppliedNothing, .other: "other"
        }
    }
}
