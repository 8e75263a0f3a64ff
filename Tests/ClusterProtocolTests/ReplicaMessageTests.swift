import ByteCoding
import ClusterProtocol
import LeaseKernel
import TestSupport
import Testing

@Suite("Replicas speak the published bytes with each other")
struct ReplicaMessageTests {
    @Test("every request of the golden data, with the reply it earns")
    func requests() throws {
        let golden = try Vectors.json("replica-protocol.json")
        let valid = golden["requests_valid"].array
        for value in valid {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            let request = try request(value["decoded"])
            #expect(request.encoded() == bytes, "\(name)")
            #expect(try ReplicaRequest(decoding: bytes) == request, "\(name)")
            checkNeighbours(of: bytes, name) { bytes throws(ReplicaMessageError) in
                _ = try ReplicaRequest(decoding: bytes)
            }
        }
        let invalid = golden["requests_invalid"].array
        for value in invalid {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            do throws(ReplicaMessageError) {
                _ = try ReplicaRequest(decoding: bytes)
                Issue.record("\(name): decoded although it should fail")
            } catch {
                #expect(error.description == value["decode_error"].string, "\(name)")
                let refusal: ReplicaRefusal = bytes.isEmpty ? .emptyRequest : .undecodable(error)
                #expect(refusal.bytes == value["daemon_reply_text"].string.map { Array($0.utf8) })
            }
        }
        print("replica-protocol.json: \(valid.count) valid, \(invalid.count) invalid requests")
        #expect([valid.count, invalid.count] == [8, 108])
    }

    @Test("every reply of the golden data, and which of them counts as a vote")
    func replies() throws {
        let golden = try Vectors.json("replica-protocol.json")
        let valid = golden["replies_valid"].array
        for value in valid {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            let reply = try reply(value["decoded"])
            #expect(reply.bytes == bytes, "\(name)")
            #expect(try ReplicaReply(decoding: bytes) == reply, "\(name)")
            checkNeighbours(of: bytes, name) { bytes throws(ReplicaMessageError) in
                _ = try ReplicaReply(decoding: bytes)
            }
        }
        let invalid = golden["replies_invalid"].array
        for value in invalid {
            let name = value["name"].string ?? "?"
            let bytes = try #require(value["hex"].hex)
            do throws(ReplicaMessageError) {
                _ = try ReplicaReply(decoding: bytes)
                Issue.record("\(name): decoded although it should fail")
            } catch {
                #expect(error.description == value["decode_error"].string, "\(name)")
            }
        }
        let acceptance = golden["ack_acceptance"]
        let outstanding = acceptance["outstanding"]
        let entry = PreparedEntry(
            kind: .client, view: try required(outstanding["view"]),
            lsn: try required(outstanding["lsn"]), requestSlot: Slot(1), payload: [])
        let votes = acceptance["cases"].array
        for value in votes {
            let counts = try reply(value["reply"])
                .acknowledges(entry, by: try required(outstanding["peer"]))
            #expect(.bool(counts) == value["counts_as_vote"], "\(value["name"].string ?? "?")")
        }
        print(
            "replica-protocol.json: \(valid.count) valid, \(invalid.count) invalid replies, "
                + "\(votes.count) votes")
        #expect([valid.count, invalid.count, votes.count] == [4, 32, 5])
    }

    @Test(
        "refusals are worded as published",
        arguments: [
            (ReplicaRefusal.emptyRequest, "invalid protocol request"),
            (.undecodable(.trailingBytes), "failed to decode protocol request: trailing bytes"),
            (.protocolError(error: "LsnGap"), "replica protocol error: LsnGap"),
            (
                .viewMismatch(expected: View(1), found: View(2)),
                "protocol view mismatch: expected=1 found=2"
            ),
            (.isolated, "network isolated by local harness"),
        ])
    func refusals(refusal: ReplicaRefusal, message: String) {
        #expect(refusal.bytes == Array("status=error\nmessage=\(message)\n".utf8))
    }

    private func checkNeighbours(
        of bytes: [UInt8], _ name: String, decode: ([UInt8]) throws(ReplicaMessageError) -> Void
    ) {
        for length in 0..<bytes.count {
            #expect(throws: ReplicaMessageError.bufferTooShort, "\(name) cut to \(length)") {
                try decode(Array(bytes[..<length]))
            }
        }
        #expect(throws: ReplicaMessageError.trailingBytes) { try decode(bytes + [0]) }
        for index in bytes.indices {
            var flipped = bytes
            flipped[index] ^= 0xff
            try? decode(flipped)
        }
    }

    private func request(_ value: JSONValue) throws -> ReplicaRequest {
        switch value["type"].string {
        case "prepare":
            .prepare(
                PreparedEntry(
                    kind: value["kind"].string == "internal" ? .internal : .client,
                    view: try required(value["view"]), lsn: try required(value["lsn"]),
                    requestSlot: try required(value["request_slot"]),
                    payload: try #require(value["payload_hex"].hex)))
        case "commit":
            .commit(
                view: try required(value["view"]), commitLSN: try required(value["commit_lsn"]))
        default: throw UnknownGoldenValue(value: value)
        }
    }

    private func reply(_ value: JSONValue) throws -> ReplicaReply {
        let view: View = try required(value["view"])
        let replica: ReplicaID = try required(value["replica_id"])
        return switch value["type"].string {
        case "prepare_ack":
            .prepared(view: view, lsn: try required(value["lsn"]), replica: replica)
        case "commit_ack":
            .committed(view: view, commitLSN: try required(value["commit_lsn"]), replica: replica)
        default: throw UnknownGoldenValue(value: value)
        }
    }
}
